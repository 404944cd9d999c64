const paint = (code: number) => (text: string) => (process.stdout.isTTY ? `\u001b[${code}m${text}\u001b[0m` : text)
export const bold = paint(1)
export const dim = paint(2)
export const green = paint(32)
export const red = paint(31)

// Steps that run now: on a terminal the last line names them, with the time so far.
const running = new Map<string, number>()
let ticking: NodeJS.Timeout | undefined

const draw = (line = '') => {
  if (!process.stdout.isTTY) return void (line && process.stdout.write(line))
  const names = [...running].map(([name, start]) => `${name} ${((performance.now() - start) / 1000).toFixed(1)} s`)
  const status = names.length > 0 ? `  … ${names.join(' · ')}`.slice(0, (process.stdout.columns || 80) - 1) : ''
  process.stdout.write(`\r\u001b[2K${line}${status}`)
}

/** Runs one step of the start and says what it is, then how long it took. Steps may run side by side. */
export const step = async <T>(name: string, work: () => Promise<T>): Promise<T> => {
  const start = performance.now()
  running.set(name, start)
  ticking ??= process.stdout.isTTY ? setInterval(() => draw(), 200).unref() : undefined
  draw()
  const end = (line: string) => {
    running.delete(name)
    draw(`${line}\n`)
    if (running.size === 0) {
      clearInterval(ticking)
      ticking = undefined
    }
  }
  try {
    const result = await work()
    end(`  ${green('✓')} ${name} ${dim(`${Math.round(performance.now() - start)} ms`)}`)
    return result
  } catch (error) {
    end(`  ${red('✗')} ${name}`)
    throw error
  }
}
