/**
 * Byte layout of a Kafka record batch, magic 2 (KIP-98). `FORMAT.md` is the full specification.
 *
 * ```
 * field                 type    bytes   covered by the CRC
 * baseOffset            int64   0..8    no: the broker stamps it in place
 * batchLength           int32   8..12   no: bytes that follow this field
 * partitionLeaderEpoch  int32   12..16  no: the broker stamps it in place
 * magic                 int8    16..17  no: says how to read the rest
 * crc                   uint32  17..21  no: CRC-32C of everything behind it
 * attributes            int16   21..23  yes
 * lastOffsetDelta       int32   23..27  yes
 * baseTimestamp         int64   27..35  yes
 * maxTimestamp          int64   35..43  yes
 * producerId            int64   43..51  yes
 * producerEpoch         int16   51..53  yes
 * baseSequence          int32   53..57  yes
 * recordCount           int32   57..61  yes
 * records                       61..    yes
 * ```
 *
 * What a broker assigns stays outside the CRC, so that the bytes a producer made reach the disk and
 * the consumer with the checksum that the producer computed.
 */
import { assert } from '@courant/kernel'

export const BASE_OFFSET = 0
export const BATCH_LENGTH = BASE_OFFSET + 8
export const PARTITION_LEADER_EPOCH = BATCH_LENGTH + 4
export const MAGIC = PARTITION_LEADER_EPOCH + 4
export const CRC = MAGIC + 1
export const ATTRIBUTES = CRC + 4
export const LAST_OFFSET_DELTA = ATTRIBUTES + 2
export const BASE_TIMESTAMP = LAST_OFFSET_DELTA + 4
export const MAX_TIMESTAMP = BASE_TIMESTAMP + 8
export const PRODUCER_ID = MAX_TIMESTAMP + 8
export const PRODUCER_EPOCH = PRODUCER_ID + 8
export const BASE_SEQUENCE = PRODUCER_EPOCH + 2
export const RECORD_COUNT = BASE_SEQUENCE + 4

/** Size of the header; the records begin here. */
export const BATCH_HEADER_BYTES: number = RECORD_COUNT + 4
/** Size of the part that `batchLength` does not count: the base offset and the length itself. */
export const BATCH_PREFIX_BYTES: number = BATCH_LENGTH + 4
/** The only magic that is read or written. */
export const MAGIC_V2 = 2

/** `attributes`: bits 0–2 compression, 3 timestamp type, 4 transactional, 5 control, 6 horizon. */
export const COMPRESSION_MASK = 0x07
export const LOG_APPEND_TIME_BIT = 0x08
export const TRANSACTIONAL_BIT = 0x10
export const CONTROL_BIT = 0x20

/** Length, attributes, two deltas, key length, value length and header count of one byte each. */
export const RECORD_BYTES_MIN = 7

/** Stands for "none" in producer id, producer epoch, base sequence, leader epoch and timestamp. */
export const NONE = -1

assert(BATCH_HEADER_BYTES === 61, 'the header of a magic 2 batch has 61 bytes')
