/**
 * Which shard of coordination a group belongs to (docs/adr/0011-consumer-groups.md). The same on
 * every process and in every release: control planes hold shards by lease, gateways look for a
 * group where its shard is.
 */

/** Many more than control planes: a fair number for each can be had by moving whole shards. */
export const GROUP_SHARDS = 64

/** FNV-1a of `<tenant id>/<group>` in UTF-8, modulo `GROUP_SHARDS`. */
export function groupShard(tenantId: string, group: string): number {
  let hash = 0x811c9dc5
  for (const byte of Buffer.from(`${tenantId}/${group}`)) {
    hash = Math.imul(hash ^ byte, 0x01000193)
  }
  return (hash >>> 0) % GROUP_SHARDS
}
