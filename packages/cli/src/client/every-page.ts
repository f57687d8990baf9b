interface Page<Item> {
  readonly items: readonly Item[]
  readonly nextCursor: string | null
}

/** All items of a list, page by page. */
export async function everyPage<Item>(
  read: (cursor: { cursor?: string }) => Promise<Page<Item>>,
): Promise<Item[]> {
  const items: Item[] = []
  let cursor: string | null = null
  do {
    const page: Page<Item> = await read(cursor === null ? {} : { cursor })
    items.push(...page.items)
    cursor = page.nextCursor
  } while (cursor !== null)
  return items
}
