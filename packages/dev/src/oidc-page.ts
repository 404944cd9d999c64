const style = `:root{color-scheme:light dark}*{box-sizing:border-box}body{font:16px/1.5 system-ui,"Apple SD Gothic Neo","Noto Sans KR",sans-serif;display:grid;place-items:center;min-height:100vh;margin:0;background:#8881}
main{width:min(24rem,92vw);padding:2rem;border-radius:16px;background:Canvas;border:1px solid #8884}h1{font-size:1.3rem;margin:0}p{opacity:.7;margin:.25rem 0 1.25rem;font-size:.9rem}
button{width:100%;padding:.7rem 1rem;border-radius:10px;border:1px solid #8886;background:none;color:inherit;font:inherit;text-align:left;cursor:pointer;margin-bottom:.5rem}button:hover,button:focus-visible{border-color:#3b82f6;outline:none}
button.go{background:#3b82f6;color:#fff;border:0;text-align:center}button small{display:block;opacity:.65}label{display:block;font-size:.85rem;margin:.6rem 0 .2rem}input{width:100%;padding:.6rem .8rem;border-radius:8px;border:1px solid #8886;background:none;color:inherit;font:inherit;margin-bottom:.2rem}
hr{border:0;border-top:1px solid #8883;margin:1.2rem 0}[role=alert]{color:#d1242f;opacity:1}`

const escaped = (s: string) => s.replace(/[&<>"]/g, (c) => `&#${c.charCodeAt(0)};`)

/** The sign-in page in Google's place: one click for the people of the seed, or anybody by address. No script. */
export const signInPage = (
  accounts: readonly { email: string; name: string }[],
  { wrong = false } = {},
) => `<!doctype html><html lang="en"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width,initial-scale=1"><title>Sign in</title><style>${style}</style></head><body><main>
<h1>Sign in · <span lang="ko">로그인</span></h1><p>In Google’s place, for development. · <span lang="ko">개발용 Google 대체 로그인</span></p>
${accounts.map(({ email, name }) => `<form method="post"><input type="hidden" name="email" value="${escaped(email)}"><input type="hidden" name="name" value="${escaped(name)}"><button>${escaped(name)}<small>${escaped(email)}</small></button></form>`).join('')}
<hr><form method="post">${wrong ? '<p role="alert">That is no e-mail address. · <span lang="ko">이메일 주소를 확인하세요.</span></p>' : ''}<label for="email">E-mail · <span lang="ko">이메일</span></label><input id="email" name="email" type="email" required autocomplete="email">
<label for="name">Name · <span lang="ko">이름</span></label><input id="name" name="name" autocomplete="name"><br><br><button class="go">Continue · <span lang="ko">계속</span></button></form></main></body></html>`

/** A person's picture: the first letter of the name on a colour of the address. */
export const pictureOf = ({ email, name }: { email: string; name: string }) => {
  const hue = [...email].reduce((sum, c) => (sum * 31 + c.charCodeAt(0)) % 360, 0)
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 96 96"><rect width="96" height="96" fill="hsl(${hue} 55% 45%)"/><text x="48" y="50" fill="#fff" font-family="sans-serif" font-size="44" text-anchor="middle" dominant-baseline="central">${escaped([...name][0]?.toUpperCase() ?? '?')}</text></svg>`
}
