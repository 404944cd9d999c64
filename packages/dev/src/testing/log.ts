import { openLog } from '@wealist/kit/log'
import { secrets } from './secrets.ts'

/** From which level tests log, as LOG_LEVEL says it. All lines are searched for secrets; TEST_LOG has some shown, too. */
export const level = process.env['TEST_LOG'] ?? 'debug'

/** Where services in this process write. */
export const logTo = process.env['TEST_LOG'] ? process.stdout : { write: () => undefined }

/** Gets the lines of processes of their own. */
export const heard = (line: string) => {
  secrets.hear(line)
  if (process.env['TEST_LOG']) console.log(line)
}

/** The log of what tests start. */
export const testLog = (service = 'test') => openLog({ service, level, stream: logTo })
