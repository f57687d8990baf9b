import type { Clock, Random } from '@courant/kernel'
import type { ControlPlane } from '../control-plane/control-plane.ts'
import type { DataPath } from '../rest/records/data-path.ts'
import { connectToCoordinator } from './coordinators/coordinator.ts'
import { Coordinators } from './coordinators/coordinators.ts'
import { OffsetResets } from './poll/offset-resets.ts'
import type { PollParts } from './poll/poll.ts'
import { RangeReader } from './poll/range-reader.ts'
import { RecordSizes } from './poll/record-sizes.ts'
import { LeaseTokens } from './tokens/lease-tokens.ts'
import { SigningKeys } from './tokens/signing-keys.ts'

/** What the routes of consumer groups work with. One of each a gateway. */
export interface Groups extends PollParts {
  readonly dataPath: DataPath
  close(): void
}

export interface GroupsParts {
  readonly clock: Clock
  readonly random: Random
  readonly controlPlane: ControlPlane
  readonly dataPath: DataPath
}

export function createGroups({ clock, random, controlPlane, dataPath }: GroupsParts): Groups {
  const gatewayId = random.uuid()
  const connect = connectToCoordinator
  const coordinators = new Coordinators(controlPlane, { clock, random, gatewayId, connect })
  const { leaders, polls, reader, encodedBatches, buffers } = dataPath
  return {
    coordinators,
    tokens: new LeaseTokens(new SigningKeys(controlPlane, clock)),
    gatewayId,
    clock,
    random,
    ranges: new RangeReader(leaders, polls),
    resets: new OffsetResets(leaders, reader),
    recordSizes: new RecordSizes(),
    encodedBatches,
    buffers,
    dataPath,
    close: () => coordinators.close(),
  }
}
