const paint = (code: number) => (text: string) => (process.stdout.isTTY ? `\u001b[${code}m${text}\u001b[0m` : text)
export const bold = paint(1)
export const dim = paint(2)
export const green = paint(32)
export const red = paint(31)

/** Runs one step of the start and says what it is, then how long it took. */
export const step = async <T>(name: string, work: () => Promise<T>): Promise<T> => {
  const start = performance.now()
  if (process.stdout.isTTY) process.stdout.write(`  … ${name}`)
  const clear = process.stdout.isTTY ? '\r\u001b[2K' : ''
  try {
    const result = await work()
    process.stdout.write(`${clear}  ${green('✓')} ${name} ${dim(`${Math.round(performance.now() - start)} ms`)}\n`)
    return result
  } catch (error) {
    process.stdout.write(`${clear}  ${red('✗')} ${name}\n`)
    throw error
  }
}
