import { type Finding, findingCodes } from './finding.ts'
import { type GroupSight, isBehind, type PartitionSight, WELL_MS } from './group-sight.ts'
import { judgeMembers, rate } from './judge-members.ts'
import { judgePartitions } from './judge-partitions.ts'

/** Why a group lags: at least one finding, worst first. Knows nothing but what it is given. */
export function judge(sight: GroupSight): Finding[] {
  const findings = [...judgePartitions(sight), ...judgeMembers(sight)]
  const behind = sight.partitions.filter(isBehind)
  findings.push(...catchingUp(behind))
  if (findings.length === 0) findings.push(behind.length === 0 ? well(sight) : unexplained(behind))
  return findings.sort((a, b) => findingCodes.indexOf(a.code) - findingCodes.indexOf(b.code))
}

function catchingUp(behind: readonly PartitionSight[]): Finding[] {
  const arrivals = rate(behind.map(({ arrivalsPerSecond }) => arrivalsPerSecond))
  const commits = rate(behind.map(({ commitsPerSecond }) => commitsPerSecond))
  if (arrivals === null || commits === null || commits <= arrivals) return []
  const lag = behind.reduce((sum, { lagRecords }) => sum + (lagRecords ?? 0), 0)
  const secondsLeft = Math.ceil(lag / (commits - arrivals))
  return [
    {
      code: 'CATCHING_UP',
      detail: `The group commits more than arrives: it is through in some ${secondsLeft} s.`,
      numbers: { commitsPerSecond: commits, arrivalsPerSecond: arrivals, secondsLeft },
      remedy: 'Wait, or start more members.',
    },
  ]
}

function well({ partitions }: GroupSight): Finding {
  const lagMs = Math.max(0, ...partitions.map((each) => each.lagMs ?? 0))
  return {
    code: 'NOTHING_WRONG',
    detail: `The oldest record that is not committed is younger than ${WELL_MS / 1_000} s.`,
    numbers: { lagMs },
    remedy: 'None is needed.',
  }
}

function unexplained(behind: readonly PartitionSight[]): Finding {
  return {
    code: 'NOTHING_WRONG',
    detail: 'The group is behind, but its members are there and keep pace.',
    numbers: { partitionsBehind: behind.length },
    remedy: 'Look again in a minute; more members shorten what is left.',
  }
}
