import type { EventStream } from './sse.ts'

/** The stream as the body of a web response: Lambda, tests. */
export const bodyOf = (stream: EventStream): ReadableStream<Uint8Array> => {
  let gone: (() => void) | undefined
  return new ReadableStream<Uint8Array>(
    {
      start: (controller) => {
        gone = stream.open({
          write: (data) => controller.enqueue(data),
          unsent: () => Math.max(0, -(controller.desiredSize ?? 0)),
          end: () => controller.close(),
          abort: (why) => controller.error(why),
        })
      },
      cancel: () => gone?.(),
    },
    new ByteLengthQueuingStrategy({ highWaterMark: 0 }),
  )
}
