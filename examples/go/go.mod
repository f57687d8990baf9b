module courant.example/orders

go 1.21
