import { spawn } from 'node:child_process'
import type { Socket } from 'node:net'

/**
 * Has a shell run `command` (with `args` as $1, $2 …) once this process is gone, however it went: by SIGKILL too, when
 * nothing of ours runs any more. The function given back calls it off. On Windows a process takes its children along, and
 * this does nothing.
 */
export const whenGone = (command: string, ...args: string[]): (() => void) => {
  if (process.platform === 'win32') return () => undefined
  // Its standard input ends with us. Detached, so that the Ctrl-C which ends us does not end it first.
  const child = spawn('sh', ['-c', `read -r _ || { ${command}; }`, 'sh', ...args], {
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
    cwd: '/',
  })
  const input = child.stdin as Socket
  for (const part of [child, input]) part.on('error', () => undefined).unref()
  return () => void input.end('\n')
}
