// A function of a stack, called once as Lambda would: its bundle is the argument, the event comes from the parent.
const [, , file] = process.argv
const { handler } = (await import(file!)) as { handler: (event: unknown) => Promise<unknown> }
process.once('message', (event) => {
  const tell = (message: object) => process.send!(message, () => process.exit(0))
  handler(event).then(
    (answer) => tell({ answer: answer ?? null }),
    (error: Error) => tell({ error: error.message }),
  )
})
