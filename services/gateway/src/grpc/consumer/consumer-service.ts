import { ConsumerServiceService } from '@courant/api/v1/consumer_service'
import type { Groups } from '../../groups/groups.ts'
import { type Service, service } from '../calls/add-methods.ts'
import { consume } from './consume.ts'

export function consumerService(groups: Groups): Service {
  return service(ConsumerServiceService, { consume: consume(groups) })
}
