/**
 * Goal: what a process sees is what it wrote, and what a kill leaves is what it synced. The second
 * process is a second storage over the same directory.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openNodeStorage, type Storage, StorageMissingError } from '@courant/log'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { UnsyncedStorage } from './unsynced-storage.ts'

let home: string
let storage: UnsyncedStorage

beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'courant-unsynced-'))
  storage = await UnsyncedStorage.open(await openNodeStorage(home))
})

afterEach(async () => {
  await storage.lose()
  await rm(home, { recursive: true, force: true })
})

async function write(path: string, text: string, position = 0): Promise<void> {
  const file = await storage.open(path, 'create')
  await file.write([Buffer.from(text)], position)
  await file.close()
}

async function sync(path: string): Promise<void> {
  const file = await storage.open(path, 'write')
  await file.sync()
  await file.close()
}

async function textOf(of: Storage, path: string): Promise<string | null> {
  try {
    const file = await of.open(path, 'read')
    const into = Buffer.alloc(64)
    const text = into.toString('utf8', 0, await file.read(into, 0))
    await file.close()
    return text
  } catch (error) {
    if (error instanceof StorageMissingError) return null
    throw error
  }
}

async function textsAfterPowerCut(...paths: readonly string[]): Promise<(string | null)[]> {
  await storage.lose()
  storage = await UnsyncedStorage.open(await openNodeStorage(home))
  const texts = []
  for (const path of paths) texts.push(await textOf(storage, path))
  return texts
}

it('shows unsynced bytes to the process and loses them with it', async () => {
  await write('a', 'synced')
  await storage.syncDirectory('')
  await sync('a')
  await write('a', 'SYN')
  await write('a', '!', 6)
  expect(await textOf(storage, 'a')).toBe('SYNced!')
  expect(await textsAfterPowerCut('a')).toEqual(['synced'])
})

it('loses the name of a file whose directory was not synced, whatever was in it', async () => {
  await write('a', 'synced')
  await sync('a')
  expect(await storage.list('')).toEqual(['a'])
  expect(await textsAfterPowerCut('a')).toEqual([null])
})

it('undoes a rename and a removal that were not synced', async () => {
  for (const name of ['a', 'b', 'c']) {
    await write(name, name)
    await sync(name)
  }
  await storage.syncDirectory('')
  await storage.rename('a', 'b')
  await storage.remove('c')
  expect((await storage.list('')).sort()).toEqual(['b'])
  expect(await textOf(storage, 'b')).toBe('a')
  expect(await textOf(storage, 'c')).toBe(null)
  expect(await textsAfterPowerCut('a', 'b', 'c')).toEqual(['a', 'b', 'c'])
})

it('keeps a rename and a removal that were synced', async () => {
  for (const name of ['a', 'b', 'c']) {
    await write(name, name)
    await sync(name)
  }
  await storage.rename('a', 'b')
  await storage.remove('c')
  await storage.syncDirectory('')
  expect(await textsAfterPowerCut('a', 'b', 'c')).toEqual([null, 'a', null])
})

it('applies changes of one file in their order', async () => {
  const file = await storage.open('a', 'create')
  await file.write([Buffer.from('long text')], 0)
  await file.truncate(4)
  await file.write([Buffer.from('er')], 5)
  expect(await textOf(storage, 'a')).toBe('long\0er')
  await file.sync()
  await storage.syncDirectory('')
  expect(await textsAfterPowerCut('a')).toEqual(['long\0er'])
})
