// Every page of this house in both languages and both sizes, in states that a busy evening brings: words fit, can be read, have names.
import { clipped, faint, fine, looksRight, speak } from '../kit/page.mjs'
import { agents, floorSocket, ME, ORIGIN, paint, QUEUES, WALL } from '../kit/painted.mjs'
import { check, until } from '../kit/until.mjs'

export default async function looks(stage, step) {
  const problem = (type, status, headers = {}) => ({ status, headers: { 'content-type': 'application/problem+json', ...headers }, body: { type: `/problems/${type}`, title: type, status, detail: '' } })

  step('signing in: every way it can go wrong is said')
  {
    const { context, open } = await stage.person('sign-in')
    let next = problem('wrong-password', 401)
    await paint(context, {
      answers: {
        'GET /api/me': () => problem('signed-out', 401),
        'POST /api/session': () => next,
        'POST /api/me/password': () => ({ status: 204, body: {} }),
      },
    })
    const page = await open(`${ORIGIN}/`)
    const shot = (name) => stage.shot(page, `sign-in-${name}`)
    await page.getByLabel('工号或用户名').waitFor()
    await looksRight(page, { shot })
    const enter = async (user, password) => {
      await page.getByLabel('工号或用户名').fill(user)
      await page.getByLabel('密码', { exact: true }).fill(password)
      await page.keyboard.press('Enter')
    }
    await enter('', 'x')
    await page.getByRole('alert').filter({ hasText: '请输入工号' }).waitFor()
    await enter('8001', 'wrong')
    await page.getByRole('alert').filter({ hasText: '不对' }).waitFor()
    check(await page.getByLabel('密码', { exact: true }).evaluate((field) => field === document.activeElement), 'the password is asked for again at once')
    next = problem('slow-down', 429, { 'retry-after': '2' })
    await enter('8001', 'wrong')
    await page.getByRole('alert').filter({ hasText: /请 [12] 秒后再试/ }).waitFor()
    await shot('slow-down')
    check(await page.getByRole('button', { name: '登录' }).isDisabled(), 'nobody can try while they must wait')
    await until('one may try again', () => page.getByRole('button', { name: '登录' }).isEnabled(), 5_000)
    next = 'away'
    await enter('8001', 'demo')
    await page.getByRole('alert').filter({ hasText: '连不上服务器' }).waitFor()
    await speak(page, 'en')
    await page.getByRole('alert').filter({ hasText: 'cannot be reached' }).waitFor()
    await speak(page, 'zh')
    next = { status: 200, body: { ...ME, role: 'branch' } }
    await enter('b1', 'demo')
    await page.waitForURL('**/branch')
  }
  {
    const { context, open } = await stage.person('first sign-in')
    let changed = false
    const sent = []
    await paint(context, {
      answers: {
        'GET /api/me': () => (changed ? { status: 200, body: { ...ME, role: 'branch' } } : problem('signed-out', 401)),
        'POST /api/session': { ...ME, must_change_password: true },
        'POST /api/me/password': (request) => {
          sent.push(request.postDataJSON())
          changed = true
          return { status: 204, body: {} }
        },
      },
    })
    const page = await open(`${ORIGIN}/`)
    await page.getByLabel('工号或用户名').fill('admin')
    await page.getByLabel('密码', { exact: true }).fill('printed-once')
    await page.keyboard.press('Enter')
    await page.getByRole('heading', { name: '请设置新密码' }).waitFor()
    await looksRight(page, { shot: (name) => stage.shot(page, `change-${name}`) })
    const choose = async (fresh, again) => {
      await page.getByLabel('新密码', { exact: true }).fill(fresh)
      await page.getByLabel('再输一次新密码').fill(again)
      await page.keyboard.press('Enter')
    }
    await choose('short', 'short')
    await page.getByRole('alert').filter({ hasText: '太短' }).waitFor()
    await choose('correct-horse', 'correct-hors')
    await page.getByRole('alert').filter({ hasText: '不一样' }).waitFor()
    await choose('correct-horse', 'correct-horse')
    await page.waitForURL('**/branch')
    check(JSON.stringify(sent) === JSON.stringify([{ old: 'printed-once', new: 'correct-horse' }]), `the password was changed once: ${JSON.stringify(sent)}`)
  }

  step('C70: the wallboard, its thresholds, and data that grows old')
  {
    const { context, open } = await stage.person('wall', { size: [1920, 1080] })
    const live = floorSocket()
    await paint(context, { answers: { '/api/me': ME, '/api/wall': WALL }, live })
    const page = await open(`${ORIGIN}/wall`)
    const tile = (name) => page.locator(`[data-tile="${name}"]`)
    await tile('orders').getByText('412').waitFor()
    const levels = await page.locator('[data-tile]').evaluateAll((all) => Object.fromEntries(all.map((one) => [one.dataset.tile, one.dataset.level])))
    check(JSON.stringify(levels) === JSON.stringify({ waiting: 'warn', longest: 'bad', 'in-time': 'good', offered: 'calm', abandoned: 'calm', orders: 'calm' }), `levels: ${JSON.stringify(levels)}`)
    const sizes = await page.locator('[data-tile] .value').evaluateAll((all) => all.map((one) => Number.parseFloat(getComputedStyle(one).fontSize)))
    check(sizes.every((size) => size >= 64), `numbers of 64 px and more: ${sizes}`)
    await looksRight(page, { languages: ['zh'], sizes: [[1920, 1080], [1280, 800], [1440, 900]], shot: (name) => stage.shot(page, `wall-${name}`) })
    // Pushed: on the wall within a second.
    const before = Date.now()
    live.tell({ type: 'queues', ...QUEUES, queues: QUEUES.queues.map((queue) => ({ ...queue, waiting: 3 })) })
    await until('a pushed number is shown', async () => (await tile('waiting').getAttribute('data-level')) === 'bad', 2_000)
    check(Date.now() - before < 1_000, 'within a second')
    check((await page.locator('[data-test="as-of"]').getAttribute('data-stale')) === 'false', 'data is fresh')
    // The server falls silent without closing: the stamp turns red by itself.
    live.socket.onMessage(() => {})
    await until('the stamp is red', async () => (await page.locator('[data-test="as-of"]').getAttribute('data-stale')) === 'true', 16_000, 300)
    await stage.shot(page, 'wall-old')
  }
  {
    const { context, open } = await stage.person('wall-en', { size: [1920, 1080], language: 'en-GB' })
    await paint(context, { answers: { '/api/me': ME, '/api/wall': WALL }, live: floorSocket({ people: agents(75) }) })
    const page = await open(`${ORIGIN}/wall`)
    await page.getByText('and 15 more').waitFor()
    for (const [width, height] of [[1920, 1080], [1280, 800]]) {
      await page.setViewportSize({ width, height })
      await fine(page, clipped, `in English at ${width}×${height}: does not fit`)
      await fine(page, faint, `in English at ${width}×${height}: cannot be read`)
    }
    await stage.shot(page, 'wall-en-many')
  }

  step('the floor: all that a supervisor may do')
  {
    const { context, open } = await stage.person('floor')
    const live = floorSocket()
    await paint(context, { answers: { '/api/me': ME, '/api/wall': WALL }, live })
    const page = await open(`${ORIGIN}/floor`)
    await page.locator('[data-agent="8001"]').waitFor()
    await looksRight(page, { shot: (name) => stage.shot(page, `floor-${name}`) })
    const said = (type) => live.sent.filter((frame) => frame.type === type)
    await page.locator('[data-call="902"] [data-deed="prefer"]').click()
    await until('preferred', () => said('queue.prefer')[0]?.call === 902)
    await page.locator('[data-call="902"] [data-deed="move"]').selectOption('complaint')
    await until('moved', () => said('queue.move')[0]?.queue === 'complaint')
    await page.locator('[data-call="901"]').dragTo(page.locator('tr[data-queue="order-en"]'))
    await until('moved by dragging', () => said('queue.move')[1]?.queue === 'order-en' && said('queue.move')[1]?.call === 901)
    const more = async (deed) => {
      await page.locator('[data-agent="8003"] [data-deed="more"]').click()
      await page.locator(`[data-agent="8003"] [role="menuitem"][data-deed="${deed}"]`).click()
    }
    await page.locator('[data-agent="8001"] [data-deed="more"]').click()
    const offered = await page.locator('[data-agent="8001"] [role="menuitem"]').allTextContents()
    check(offered.join() === '耳语,强插,接管,强制小休,强制签出', `what may be done with a call: ${offered}`)
    await stage.shot(page, 'floor-menu')
    await page.keyboard.press('Escape')
    await more('sign-out')
    await page.getByRole('dialog').waitFor()
    await looksRight(page, { languages: ['zh'], shot: (name) => stage.shot(page, `floor-sign-out-${name}`) })
    await page.locator('[data-test="force"]').click()
    await page.getByText('请填写原因。').waitFor()
    await page.getByLabel('原因').fill('网络测试')
    await page.keyboard.press('Enter')
    await until('signed out with a reason', () => said('floor.sign_out')[0]?.reason === '网络测试')
    await more('break')
    await page.getByRole('dialog').getByLabel('小休类型').selectOption('training')
    await page.locator('[data-test="force"]').click()
    await until('sent on a break', () => said('floor.break')[0]?.reason === 'training')
    check(await page.locator('[data-agent="8003"] [data-deed="listen"]').count() === 0, 'nobody listens to an agent without a call')
    // The other node of the house: its agent and its caller are among ours, what can only be done there is not offered here.
    const [theirs] = agents(1)
    const line = { queues: [{ ...QUEUES.queues[1], waiting: 1, longest_since: QUEUES.waiting[2].since }], waiting: [{ ...QUEUES.waiting[0], queue: 'order-en', name: '', caller: '137****7000' }] }
    live.tell({ type: 'agent.state', ...theirs, user: 'far', node: 'b', number: '8099' })
    live.tell({ type: 'node', node: 'b', silent_since: null, reachable: true, ...line })
    await page.locator('[data-node="b"][data-call="901"]').waitFor()
    const there = page.locator('tr[data-agent="8099"]')
    check(/节点 b/.test(await there.innerText()) && (await there.getByRole('button').count()) === 0, 'what can only be done there is not offered')
    check((await page.locator('tr[data-queue="order-en"] td').first().innerText()) === '1', 'who waits there is counted')
    live.tell({ type: 'node', node: 'b', silent_since: new Date().toISOString(), reachable: false, ...line })
    await page.locator('[data-test="silent-node"][data-node="b"]').waitFor()
    await looksRight(page, { shot: (name) => stage.shot(page, `floor-two-nodes-${name}`) })
    live.tell({ type: 'node.gone', node: 'b' })
    await until('a node that was stopped is forgotten', async () => (await page.locator('[data-node="b"]').count()) === 0)
  }

  step("the diner's phone")
  {
    const { context, open } = await stage.person('phone')
    const sent = []
    await paint(context, {
      socket: '**/api/phone',
      live: (socket) =>
        socket.onMessage((text) => {
          const frame = JSON.parse(text)
          sent.push(frame)
          socket.send(JSON.stringify({ type: 'ok', re: frame.id }))
          if (frame.type === 'phone.dial') socket.send(JSON.stringify({ type: 'phone.talking' }))
        }),
    })
    const page = await open(`${ORIGIN}/phone`)
    await until('one may call', () => page.locator('[data-test="phone-call"]').isEnabled())
    await looksRight(page, { shot: (name) => stage.shot(page, `phone-${name}`) })
    await page.getByLabel('拨打号码').press('Enter')
    await page.locator('[data-test="phone-state"][data-state="talking"]').waitFor()
    const dialled = sent.find((frame) => frame.type === 'phone.dial')
    check(dialled.number === '1000' && dialled.caller === '13800138000' && /^v=0/.test(dialled.sdp) && /PCMA/.test(dialled.sdp), 'the hotline is dialled with an offer of sound')
    await page.keyboard.type('1#')
    await page.locator('[data-key="0"]').click()
    await until('keys are sent', () => sent.filter((frame) => frame.type === 'phone.key').map((frame) => frame.key).join('') === '1#0')
    await looksRight(page, { shot: (name) => stage.shot(page, `phone-talking-${name}`) })
    await page.keyboard.press('Escape')
    await until('hung up', () => sent.some((frame) => frame.type === 'phone.hangup'))
    await page.getByText('您挂断了。').waitFor()
  }
  {
    const { context, open } = await stage.person('phone-off')
    await paint(context, { answers: { '/api/phone': () => problem('off', 404) }, socket: '**/api/phone', live: (socket) => socket.close() })
    const page = await open(`${ORIGIN}/phone`)
    await page.getByText('这里没有开放试打电话').waitFor()
    await looksRight(page, { shot: (name) => stage.shot(page, `phone-off-${name}`) })
  }
}
