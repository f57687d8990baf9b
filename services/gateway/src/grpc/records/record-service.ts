import { RecordServiceService } from '@courant/api/v1/record_service'
import type { DataPath } from '../../rest/records/data-path.ts'
import { type Service, service } from '../calls/add-methods.ts'
import { fetchRecords } from './fetch.ts'
import { fetchStream } from './fetch-stream.ts'
import { listOffsets } from './list-offsets.ts'
import { produce } from './produce.ts'
import { produceStream } from './produce-stream.ts'

export function recordService(dataPath: DataPath): Service {
  return service(RecordServiceService, {
    produce: produce(dataPath),
    produceStream: produceStream(dataPath),
    fetch: fetchRecords(dataPath),
    fetchStream: fetchStream(dataPath),
    listOffsets: listOffsets(dataPath),
  })
}
