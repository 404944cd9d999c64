import type { RequestListener } from 'node:http'
import {
  ownsInKorean,
  gatewayPort,
  portalPort,
  type ServiceName,
  serviceNames,
  topology,
} from '@wealist/contract/topology'
import { people } from './seed.ts'

const languages = ['en', 'ko'] as const
type Language = (typeof languages)[number]

const texts = {
  en: {
    lead: 'It runs, all of it, on this machine.',
    services: 'Services',
    portal: 'Operations',
    portalLead: 'The portal: what runs, what is wrong, people, audit log. Alice is its admin.',
    servicesLead: 'Each shows its reference and OpenAPI on its own port; through this gateway it is /api/svc/<name>.',
    people: 'Sign in as',
    signIn: 'Sign in',
    google: 'Sign in with Google',
    googleLead: 'a stand-in for Google: choose anybody',
    hello: 'Signed in:',
    token: 'Access token, for 15 minutes:',
    copy: 'Copy',
    copied: 'Copied.',
    wait: 'Signing in …',
    port: 'port',
    first: 'First requests',
    firstLead: 'Sign in, and ask with the token who one is:',
    away: 'The services do not answer. If they have just started, try again in a few seconds; else see .wealist/services.log.',
  },
  ko: {
    lead: '이 컴퓨터에서 모두 잘 돌아가고 있습니다.',
    services: '서비스',
    portal: '운영',
    portalLead: '운영 포털: 상태, 문제, 사용자, 감사 로그. Alice가 관리자입니다.',
    servicesLead:
      '각 서비스는 자기 포트에서 API 문서와 OpenAPI를 보여 줍니다. 이 게이트웨이에서는 /api/svc/<이름> 입니다.',
    people: '로그인 계정',
    signIn: '로그인',
    google: 'Google로 로그인',
    googleLead: 'Google을 대신하는 로컬 페이지: 누구로든 로그인할 수 있습니다',
    hello: '로그인했습니다:',
    token: '액세스 토큰 (15분 동안 유효):',
    copy: '복사',
    copied: '복사했습니다.',
    wait: '로그인하는 중 …',
    port: '포트',
    first: '첫 요청',
    firstLead: '로그인한 뒤, 받은 토큰으로 내 정보를 조회합니다:',
    away: '서비스가 응답하지 않습니다. 방금 시작했다면 몇 초 뒤에 다시 시도하고, 계속되면 .wealist/services.log를 확인하세요.',
  },
} satisfies Record<Language, Record<string, string>>

const style = `:root{color-scheme:light dark;--line:#8883;--soft:#8881;--blue:#2563eb}@media(prefers-color-scheme:dark){:root{--blue:#60a5fa}}
*{box-sizing:border-box}body{background:canvas;color:canvastext;font:16px/1.55 system-ui,"Apple SD Gothic Neo","Noto Sans KR",sans-serif;max-width:60rem;margin:0 auto;padding:3rem 1.25rem}
header{display:flex;justify-content:space-between;align-items:baseline}h1{font-size:2.4rem;margin:0;letter-spacing:-.02em}h1 span,a{color:var(--blue)}
p{margin:.25rem 0;opacity:.75}h2{font-size:1.05rem;margin:2.4rem 0 .2rem}.grid{display:grid;grid-template-columns:repeat(auto-fill,minmax(15rem,1fr));gap:.75rem;margin-top:.8rem}
.card{border:1px solid var(--line);border-radius:12px;padding:1rem;text-decoration:none;color:inherit;display:block}a.card:hover{border-color:var(--blue)}:focus-visible{outline:2px solid var(--blue);outline-offset:2px}
.card b{display:flex;justify-content:space-between}small{opacity:.75;display:block;margin:.35rem 0}.port{opacity:.75;font-weight:400;font-variant-numeric:tabular-nums}
pre,code,output textarea{background:var(--soft);border-radius:6px;font:13px/1.5 ui-monospace,monospace}code{padding:.1rem .4rem;overflow-wrap:anywhere}pre{padding:.6rem}
button{font:inherit;font-size:.9rem;padding:.35rem .9rem;border-radius:8px;border:1px solid var(--blue);background:none;color:var(--blue);cursor:pointer}button:hover{background:var(--soft)}
output{display:block}output:not(:empty){margin-top:1rem}pre{margin:0 0 .6rem;white-space:pre-wrap;overflow-wrap:anywhere}output textarea{width:100%;height:6rem;border:1px solid var(--line);padding:.6rem;color:inherit;margin:.4rem 0}`

const script = (t: (typeof texts)[Language]) => `const out = document.querySelector('output')
const ask = async (service, path, init = {}) => {
  const answer = await fetch('/api/svc/' + service + path, { ...init, headers: { 'content-type': 'application/json', ...init.headers } })
  const body = await answer.json()
  if (!answer.ok) throw new Error(body.error.message)
  return body
}
const copy = async (text, button) => {
  await navigator.clipboard.writeText(text)
  button.textContent = ${JSON.stringify(t.copied)}
  setTimeout(() => (button.textContent = ${JSON.stringify(t.copy)}), 2000)
}
const show = (signedIn) => (out.textContent = ${JSON.stringify(t.wait)}, signedIn).then(async ({ accessToken }) => {
  const me = await ask('auth', '/api/auth/me', { headers: { authorization: 'Bearer ' + accessToken } })
  const [hello, label, token, take] = ['p', 'p', 'textarea', 'button'].map((tag) => document.createElement(tag))
  hello.textContent = ${JSON.stringify(t.hello)} + ' ' + me.name + ' <' + me.email + '>'
  label.textContent = ${JSON.stringify(t.token)}
  Object.assign(token, { value: accessToken, readOnly: true, ariaLabel: label.textContent })
  Object.assign(take, { textContent: ${JSON.stringify(t.copy)}, onclick: () => copy(accessToken, take) })
  out.replaceChildren(hello, label, token, take)
}).catch((error) => { out.textContent = error instanceof TypeError ? ${JSON.stringify(t.away)} : error.message })
const post = (path, body) => ask('auth', path, { method: 'POST', body: JSON.stringify(body) })
for (const button of document.querySelectorAll('button[data-email]'))
  button.onclick = () => show(post('/api/auth/login', { email: button.dataset.email, password: button.dataset.password }))
for (const button of document.querySelectorAll('button[data-copies]'))
  button.onclick = () => copy(document.getElementById(button.dataset.copies).textContent, button)
const { searchParams } = new URL(location)
if (searchParams.has('code')) show(post('/api/auth/exchange', { code: searchParams.get('code') }))
if (searchParams.has('error')) out.textContent = searchParams.get('error')
if (searchParams.has('code') || searchParams.has('error')) history.replaceState(null, '', '/')`

const origin = `http://localhost:${gatewayPort}`
const escaped = (text: string) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;')

// `sed` rather than `jq`, which not everybody has.
const firstRequests = (email: string, password: string) => `TOKEN=$(curl -s ${origin}/api/svc/auth/api/auth/login \\
  -H 'content-type: application/json' -d '${JSON.stringify({ email, password })}' \\
  | sed 's/.*"accessToken":"\\([^"]*\\)".*/\\1/')
curl -s ${origin}/api/svc/auth/api/auth/me -H "authorization: Bearer $TOKEN"`

/** The page at the gateway's root, where a newcomer looks first: services, sign-ins, a first token. */
export const landingPage = (language: Language) => {
  const t = texts[language]
  const owns = (name: ServiceName) => (language === 'ko' ? ownsInKorean[name] : topology[name].owns)
  const { email, password } = people.alice
  const other = languages.find((l) => l !== language)!
  return `<!doctype html><html lang="${language}"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1"><title>weAlist</title><link rel="icon" href="data:,"><style>${style}</style></head><body>
<header><h1>we<span>A</span>list</h1><a href="/?lang=${other}" lang="${other}">${other === 'ko' ? '한국어' : 'English'}</a></header><main><p>${t.lead}</p>
<h2>${t.people}</h2><div class="grid">${Object.values(people)
    .map(
      (p) =>
        `<div class="card"><b>${p.name}</b><small>${p.email}<br><code>${p.password}</code></small><button aria-label="${t.signIn}: ${p.name}" data-email="${p.email}" data-password="${p.password}">${t.signIn}</button></div>`,
    )
    .join(
      '',
    )}<a class="card" href="/oauth2/authorization/google?redirectUri=${encodeURIComponent(`${origin}/`)}"><b>${t.google}</b><small>${t.googleLead}</small></a></div><output aria-live="polite"></output>
<h2>${t.services}</h2><p>${escaped(t.servicesLead)}</p><div class="grid"><a class="card" href="http://localhost:${portalPort}/"><b>${t.portal}<span class="port">${t.port} ${portalPort}</span></b><small>${t.portalLead}</small></a>${serviceNames
    .map(
      (name) =>
        `<a class="card" href="http://localhost:${topology[name].port}/docs"><b>${name}<span class="port">${t.port} ${topology[name].port}</span></b><small>${owns(name)}</small></a>`,
    )
    .join('')}</div>
<h2>${t.first}</h2><p>${t.firstLead}</p><div class="card"><pre id="curl">${escaped(firstRequests(email, password))}</pre><button data-copies="curl">${t.copy}</button></div></main>
<script>${script(t)}</script></body></html>`
}

/** Answers with the landing page in the language that `?lang=` or the browser asks for. */
export const landing: RequestListener = (request, response) => {
  const asked = new URL(request.url ?? '/', origin).searchParams.get('lang')
  const wanted = [asked, ...(request.headers['accept-language'] ?? '').split(',').map((l) => l.trim().slice(0, 2))]
  const language = wanted.flatMap((w) => languages.filter((l) => l === w))[0] ?? 'en'
  response
    .writeHead(200, {
      'content-type': 'text/html; charset=utf-8',
      'cache-control': 'no-store',
      vary: 'accept-language',
      'referrer-policy': 'no-referrer',
    })
    .end(landingPage(language))
}
