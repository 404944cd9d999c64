import type { EventStream } from './sse.ts'

/** The stream as the body of a web response: Lambda, tests. */
export const bodyOf = (stream: EventStream): ReadableStream<Uint8Array> => {
  let gone: (() => void) | undefined
  let written = 0
  return new ReadableStream<Uint8Array>(
    {
      start: (controller) => {
        const unsent = () => Math.max(0, -(controller.desiredSize ?? 0))
        gone = stream.open({
          write: (data) => {
            written += data.length
            controller.enqueue(data)
          },
          unsent,
          taken: () => written - unsent(),
          end: () => controller.close(),
          abort: (why) => controller.error(why),
        })
      },
      cancel: () => gone?.(),
    },
    new ByteLengthQueuingStrategy({ highWaterMark: 0 }),
  )
}
