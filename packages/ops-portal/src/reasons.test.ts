import { expect, test } from 'vitest'
import { translate } from './translate.ts'
import { reasonIn } from './reasons.ts'

test('what ops says of a probe is told in Korean, and what is not known as it was said', () => {
  const said = 'no answer within 1.5 s; it cannot reach redis; socket hang up'
  expect(reasonIn(translate('ko'), said)).toBe('1.5초 안에 응답 없음 · redis에 연결할 수 없음 · socket hang up')
  expect(reasonIn(translate('en'), said)).toBe('no answer within 1.5 s · it cannot reach redis · socket hang up')
})
