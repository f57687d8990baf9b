/**
 * To be imported before anything else by the main module of a process that holds a data directory:
 * libuv reads the size at the first use of its pool, and with the four threads of its default,
 * checkpoints would hold up the ring.
 */
process.env['UV_THREADPOOL_SIZE'] ??= '16'
