import type { PlantedText } from '@courant/testkit/planted-copy'

/** A bug that a run must find. */
export interface PlantedBug extends PlantedText {
  readonly name: string
  /** Faults that bring it to light. */
  readonly only: readonly string[]
  /** Checkers that may object; others would object to something else. */
  readonly foundBy: readonly string[]
}

export const BUGS: readonly PlantedBug[] = [
  {
    name: 'acknowledge without a sync',
    file: 'packages/log/src/ring/ring.ts',
    find: '    await file.sync()\n    return position\n',
    replace: '    return position\n',
    only: ['power cut, all'],
    // A broker knows what it had synced, and ends when that is gone.
    foundBy: ['crash', 'lost write', 'lost read'],
  },
  {
    name: 'acknowledge what only the leader has',
    file: 'packages/replication/src/replica-set.ts',
    find: 'this.#followers.get(broker)?.endOffset ?? Number.NEGATIVE_INFINITY',
    replace: 'Number.POSITIVE_INFINITY',
    only: ['broker alone with the gateways', 'power cut, one'],
    foundBy: ['lost write', 'lost read', 'inconsistent offset'],
  },
  {
    name: 'let consumers read what is not committed',
    file: 'services/broker/src/partition/leader-reads.ts',
    find: 'return readRecords(log, request, log.highWatermark,',
    replace: 'return readRecords(log, request, log.appendedEnd,',
    only: ['broker alone with the gateways'],
    foundBy: ['lost read', 'inconsistent offset'],
  },
  {
    name: 'append a batch again that was sent again',
    file: 'packages/log/src/partition/log-appends.ts',
    find: '    if (duplicate !== null) return duplicate\n',
    replace: '',
    only: [
      'connections reset',
      'gateway cut off from the brokers',
      'kill -9 broker',
      'power cut, one',
    ],
    foundBy: ['duplicate'],
  },
]
