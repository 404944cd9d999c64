import { serviceNames, topology } from '@wealist/contract/topology'
import { people } from './seed.ts'

const style = `:root{color-scheme:light dark;--line:#8883;--soft:#8881}*{box-sizing:border-box}body{font:16px/1.55 system-ui,"Apple SD Gothic Neo","Noto Sans KR",sans-serif;max-width:58rem;margin:0 auto;padding:3rem 1.25rem}
h1{font-size:2.2rem;margin:0;letter-spacing:-.02em}h1 span{color:#3b82f6}p.lead{opacity:.75;margin:.25rem 0 2rem}h2{font-size:1rem;margin:2.2rem 0 .8rem;opacity:.75}
.grid{display:grid;grid-template-columns:repeat(auto-fill,minmax(15rem,1fr));gap:.75rem}.card{border:1px solid var(--line);border-radius:12px;padding:1rem;text-decoration:none;color:inherit;display:block}
a.card:hover,a.card:focus-visible{border-color:#3b82f6;outline:none}.card b{display:flex;justify-content:space-between}.card small{opacity:.7;display:block;margin-top:.35rem}.port{opacity:.55;font-weight:400;font-variant-numeric:tabular-nums}
code{background:var(--soft);padding:.1rem .4rem;border-radius:5px}`

/** The page at the gateway's root: where a newcomer looks first. */
export const landingPage =
  () => `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1"><title>weAlist</title><style>${style}</style></head><body>
<h1>we<span>A</span>list</h1><p class="lead">It runs. <span lang="ko">잘 돌아가고 있습니다.</span></p>
<h2>Services: reference and OpenAPI · <span lang="ko">서비스별 API 문서</span></h2><div class="grid">${serviceNames
    .map(
      (name) =>
        `<a class="card" href="http://localhost:${topology[name].port}/docs"><b>${name}<span class="port">${topology[name].port}</span></b><small>${topology[name].owns}</small></a>`,
    )
    .join('')}</div>
<h2>Sign in as · <span lang="ko">로그인 계정</span></h2><div class="grid">${Object.values(people)
    .map(
      ({ name, email, password }) =>
        `<div class="card"><b>${name}</b><small>${email}<br><code>${password}</code></small></div>`,
    )
    .join('')}</div>
<h2>First request · <span lang="ko">첫 요청</span></h2><div class="card"><code>curl -s localhost:8088/api/svc/auth/api/auth/login -H 'content-type: application/json' -d '{"email":"${people.alice.email}","password":"${people.alice.password}"}'</code></div>
</body></html>`
