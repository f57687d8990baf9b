export { GROUP_SHARDS, groupShard } from './group-shard.ts'
