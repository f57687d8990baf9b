/**
 * A broker whose disk forgets at a kill what was not synced: SIGKILL is a power cut. SIGUSR2 is one
 * in the middle of a write: some of the unsynced sectors get to the disk, in no order.
 */
import '@courant/service-kit/thread-pool'
import { closeSync, openSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { brokerSettings, startBrokerOn } from '@courant/broker'
import { type Random, systemRandom } from '@courant/kernel'
import { openNodeStorage } from '@courant/log'
import { runService } from '@courant/service-kit'
import { fullMark } from '../disk/limited-disks.ts'
import { limitedStorage } from '../disk/limited-storage.ts'
import { UnsyncedStorage } from '../disk/unsynced-storage.ts'

const SECTOR_BYTES = 512

await runService({
  name: 'broker',
  settings: brokerSettings,
  async start(config, ports, stopping) {
    const disk = await openNodeStorage(config.dataDirectory)
    const storage = await UnsyncedStorage.open(disk)
    process.on('SIGUSR2', () => {
      tear(storage, config.dataDirectory, systemRandom)
      process.kill(process.pid, 'SIGKILL')
    })
    const limited = limitedStorage(storage, fullMark(config.dataDirectory))
    return await startBrokerOn(limited, config, ports, stopping)
  },
})

function tear(storage: UnsyncedStorage, root: string, random: Random): void {
  for (const { path, changes } of storage.unsynced()) {
    const share = random.next()
    const file = openSync(join(root, path), 'r+')
    for (const change of changes) {
      if (change.kind !== 'write') continue
      const { bytes, position } = change
      for (let at = 0; at < bytes.length; at += SECTOR_BYTES) {
        if (random.next() < share)
          writeSync(file, bytes.subarray(at, at + SECTOR_BYTES), 0, null, position + at)
      }
    }
    closeSync(file)
  }
}
