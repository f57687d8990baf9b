import { BusError } from '@courant/kernel'

interface Decoder<Message> {
  decode(bytes: Uint8Array): Message
}

/** Decodes a message by its generated codec. What is none is INVALID_ARGUMENT. */
export function decoded<Message>(type: Decoder<Message>, bytes: Uint8Array): Message {
  try {
    return type.decode(bytes)
  } catch (cause) {
    const detail = 'The message is not of the type that the method takes.'
    throw new BusError('INVALID_ARGUMENT', detail, { cause })
  }
}
