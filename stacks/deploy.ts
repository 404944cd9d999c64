import { preview } from './preview.ts'
import { shared } from './shared.ts'
import { stageOf } from './stage.ts'

/** Everything of a stage, by what kind of stage it is; gives what the command prints. */
export const deploy = (name: string) => {
  const stage = stageOf(name)
  return stage.kind === 'shared' ? shared(stage) : preview(stage)
}
