/** A partition that clients use, as they know it. */
export interface Target {
  readonly topic: string
  readonly topicId: string
  readonly partition: number
}
