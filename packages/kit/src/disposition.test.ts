import { expect, test } from 'vitest'
import { disposition, harmless } from './disposition.ts'

test.each([
  ['plan.txt', `attachment; filename="plan.txt"; filename*=UTF-8''plan.txt`],
  ['계획 😀.pdf', `attachment; filename="__ _.pdf"; filename*=UTF-8''%EA%B3%84%ED%9A%8D%20%F0%9F%98%80.pdf`],
  [
    'a"; filename=evil.exe',
    `attachment; filename="a__ filename=evil.exe"; filename*=UTF-8''a%22%3B%20filename%3Devil.exe`,
  ],
  ['../../etc/passwd', `attachment; filename=".._.._etc_passwd"; filename*=UTF-8''.._.._etc_passwd`],
  ['C:\\x', `attachment; filename="C:_x"; filename*=UTF-8''C%3A_x`],
  ['..', `attachment; filename="_"; filename*=UTF-8''_`],
  ["it's (1)*.txt", `attachment; filename="it's (1)*.txt"; filename*=UTF-8''it%27s%20%281%29%2A.txt`],
  ['photo\u202egpj.exe', `attachment; filename="photogpj.exe"; filename*=UTF-8''photogpj.exe`],
])('the name %s is saved as itself and says nothing else', (name, header) => {
  expect(disposition(name)).toBe(header)
})

test('no name breaks out of its header', () => {
  for (let code = 0; code < 0x3000; code++) {
    const header = disposition(`a${String.fromCharCode(code)}b`)
    expect(header).toMatch(/^attachment; filename="[^"\\%;\p{Cc}]+"; filename\*=UTF-8''[\w.!~%-]+$/u)
  }
})

test('what a browser could run is bytes', () => {
  for (const type of [
    'text/html',
    'image/svg+xml',
    'application/xhtml+xml',
    'text/xml',
    'text/javascript',
    'image/png;x',
    '',
  ])
    expect(harmless(type)).toBe('application/octet-stream')
  for (const type of ['image/png', 'video/mp4', 'text/plain', 'application/pdf']) expect(harmless(type)).toBe(type)
})
