import { contracts } from '@wealist/contract/contracts'
import { isSocket } from '@wealist/contract/route'
import { serviceNames } from '@wealist/contract/topology'
import { expect, test } from 'vitest'
import { docsPage } from './docs.ts'
import { openApi } from './openapi.ts'

test('the documents of every service say what holds for all of its routes, and its sockets how they are kept', () => {
  for (const name of serviceNames) {
    const page = docsPage(name, contracts[name])
    const { description } = openApi(name, contracts[name], 'test').info
    for (const word of ['Idempotency-Key', 'If-Match', 'Retry-After', 'Topic-Seq', '256 KB', 'UTF-16', 'requestId']) {
      expect(page).toContain(word)
      expect(description).toContain(word)
    }
    const hasSockets = Object.values(contracts[name]).some((feature) => Object.values(feature).some(isSocket))
    expect(page.includes('The first frame is')).toBe(hasSockets)
  }
})

test('the documents tell the units of what is a number', () => {
  const document = JSON.stringify(openApi('storage', contracts.storage, 'test'))
  expect(document).toContain(
    '"size":{"type":"integer","minimum":-9007199254740991,"maximum":9007199254740991,"description":"Bytes"}',
  )
  expect(document).toContain('"description":"Seconds, at most a year; for good unless told"')
})
