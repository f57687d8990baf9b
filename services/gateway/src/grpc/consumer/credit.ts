import type { Credit as CreditMessage } from '@courant/api/v1/consumer_service'
import { limits } from '@courant/kernel'
import { checkRange } from '../records/read-request.ts'

/** What a member has given leave to send and has not been sent. */
export class Credit {
  records = 0
  bytes = 0

  get isOpen(): boolean {
    return this.records > 0 && this.bytes > 0
  }

  /** Throws INVALID_ARGUMENT for less than nothing, or more than anybody can hold. */
  grant({ records, bytes }: CreditMessage, pointer: string): void {
    checkRange(`${pointer}/records`, records, 0, limits.creditRecordsMax)
    checkRange(`${pointer}/bytes`, bytes, 0, limits.creditBytesMax)
    this.records = Math.min(limits.creditRecordsMax, this.records + records)
    this.bytes = Math.min(limits.creditBytesMax, this.bytes + bytes)
  }

  spend(records: number, bytes: number): void {
    this.records -= records
    this.bytes -= bytes
  }
}
