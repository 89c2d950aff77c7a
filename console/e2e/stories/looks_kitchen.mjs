// The kitchen's pages in both languages and sizes, in states that a busy evening brings: words fit, can be read, have names, and are touched easily.
import { made, paintedBoard } from '../kit/kitchen.mjs'
import { looksRight, speak } from '../kit/page.mjs'
import { ME, ORIGIN, paint } from '../kit/painted.mjs'
import { check, until } from '../kit/until.mjs'

const CATALOGUE = { dishes: [{ number: 25, zh: '清炒时蔬', en: 'Stir-fried seasonal greens', pinyin: 'qcss', price_fen: 2200, sold_out: [] }, { number: 42, zh: '松茸鸡汤', en: 'Matsutake chicken soup', pinyin: 'srjt', price_fen: 5800, sold_out: [] }], branches: [], categories: [], levels: [], offers: [] }

/** What a finger must hit and is smaller than 52 px. */
const small = (page) =>
  page.evaluate(() =>
    [...document.querySelectorAll('button, select, input:not([type=checkbox]), a[href]')]
      .filter((one) => !one.closest('.toast, .unseen, dialog:not([open])'))
      .map((one) => [one, one.getBoundingClientRect()])
      .filter(([, box]) => box.width > 0 && (box.height < 52 || box.width < 52))
      .map(([one, box]) => `${one.textContent.trim().slice(0, 20) || one.getAttribute('aria-label')} ${Math.round(box.width)}×${Math.round(box.height)}`),
  )

/** Bells that were rung, counted where the page makes its sounds. */
const countBells = () => {
  window.bells = []
  const start = OscillatorNode.prototype.start
  OscillatorNode.prototype.start = function (at) {
    window.bells.push({ at: Date.now(), hertz: this.frequency.value })
    return start.call(this, at)
  }
}

export default async function looksKitchen(stage, step) {
  await branch(stage, step)
}

async function branch(stage, step) {
  const me = { ...ME, role: 'branch', name: '徐家汇店', branch: 1 }
  step('the branch: a tablet that belongs to nobody yet')
  {
    const { context, open } = await stage.person('pairing', { size: [1280, 800] })
    let paired = false
    const codes = []
    const board = paintedBoard(me)
    await paint(context, {
      answers: {
        'GET /api/me': () => (paired ? { status: 200, body: me } : { status: 401, headers: { 'content-type': 'application/problem+json' }, body: { type: '/problems/sign-in', status: 401 } }),
        'POST /api/device-session': (request) => {
          codes.push(request.postDataJSON().code)
          paired = codes.length > 1
          return paired ? { status: 200, body: me } : { status: 404, body: { type: '/problems/not-found', status: 404 } }
        },
        'GET /api/catalogue': CATALOGUE,
        ...board.answers,
      },
      live: board.live,
      socket: '**/api/board',
    })
    const page = await open(`${ORIGIN}/branch`)
    await page.getByRole('heading', { name: '把这台平板连到门店' }).waitFor()
    await looksRight(page, { shot: (name) => stage.shot(page, `pairing-${name}`) })
    check((await small(page)).length === 0, `targets of 52 px: ${await small(page)}`)
    await page.keyboard.type('12345678')
    await page.getByRole('alert').filter({ hasText: '配对码不对' }).waitFor()
    for (const digit of '87654321') await page.getByRole('button', { name: digit, exact: true }).click()
    await page.locator('[data-column="new"] [data-order="3086"]').waitFor()
    check(codes.join() === '12345678,87654321', `codes: ${codes}`)
  }

  step('C81 C82: it rings until it is touched, louder after a minute; every step is one tap')
  {
    const { context, open } = await stage.person('branch', { size: [1280, 800] })
    await context.addInitScript(countBells)
    const board = paintedBoard(me, { orders: [...made.evening(), made.card(3101, 'new', 0.1, { branch: 1, fulfilment: 'delivery', orders_before: 0 })] })
    const asked = []
    await paint(context, {
      answers: {
        'GET /api/me': me,
        'GET /api/catalogue': CATALOGUE,
        'PUT /api/branches/1/sold-out/42': (request) => (asked.push(['sold-out', request.postDataJSON().until]), { status: 200, body: {} }),
        'PUT /api/branches/1/pause': (request) => {
          const body = request.postDataJSON()
          asked.push(['pause', body.minutes, body.reason])
          board.tell({ type: 'branch', branch: { ...made.branches(1)[0], paused: { until: Date.now() + body.minutes * 60_000, reason: body.reason, by: me.name } } })
          return { status: 200, body: {} }
        },
        'POST /api/riders/r-1/in': (request) => (asked.push(['in', request.postDataJSON().cash_fen]), { status: 200, body: {} }),
        ...board.answers,
      },
      live: board.live,
      socket: '**/api/board',
    })
    const page = await open(`${ORIGIN}/branch`)
    const order = (tail) => page.locator(`[data-order="${tail}"]`)
    await order('3086').waitFor()
    const steps = () => board.sent.map((one) => `${one.id} ${one.step}`)
    const louds = await page.locator('.order.loud').evaluateAll((all) => all.map((one) => one.dataset.order))
    check(louds.join() === '3083', `red after a minute: ${louds}`)
    await until('the bell rings', () => page.evaluate(() => window.bells.length >= 3), 6_000)
    await looksRight(page, { shot: (name) => stage.shot(page, `branch-${name}`) })
    check((await small(page)).length === 0, `targets of 52 px: ${await small(page)}`)
    // Touched: silent. The other one still rings.
    await order('3083').locator('h3').click()
    await until('the touch was told', () => steps().includes('o-3083 seen'))
    await order('3086').locator('h3').click()
    await order('3101').locator('h3').click()
    await until('nothing calls any more', async () => (await page.locator('.order.calling').count()) === 0)
    const rung = await page.evaluate(() => window.bells.length)
    await page.waitForTimeout(5_600)
    check((await page.evaluate(() => window.bells.length)) === rung, 'silent once everything was touched')

    await order('3101').locator('[data-step="accept-30"]').click()
    await until('accepted with its minutes', () => board.sent.some((one) => one.id === 'o-3101' && one.step === 'accept' && one.minutes === 30))
    await page.locator('[data-undo="3101"]').waitFor()
    await looksRight(page, { languages: ['en'], shot: (name) => stage.shot(page, `branch-undo-${name}`) })
    await page.locator('[data-undo="3101"]').click()
    await until('taken back', () => steps().includes('o-3101 undo'))
    await order('3101').locator('[data-step="accept-20"]').click()
    await page.locator('[data-column="cooking"] [data-order="3101"]').waitFor()
    await order('3101').locator('[data-step="cook"]').click()
    await order('3101').locator('[data-step="ready"]').click()
    await page.locator('[data-column="leaving"] [data-order="3101"]').waitFor()
    await order('3101').locator('[data-step="hand_over"]').click()
    await page.getByRole('dialog').locator('[data-rider="小陈"]').click()
    await until('with the rider', () => board.sent.some((one) => one.id === 'o-3101' && one.step === 'hand_over' && one.rider === 'r-2'))
    await order('3101').locator('[data-step="deliver"]').click()
    await until('delivered', () => board.sent.some((one) => one.id === 'o-3101' && one.step === 'deliver' && one.code === 'auto'))
    await page.locator('[data-recent="3101"]').waitFor()

    await order('3083').locator('[data-step="refuse"]').click()
    await page.locator('[data-reason="sold_out"]').click()
    const dialog = page.getByRole('dialog')
    check(await dialog.locator('[data-test="refuse"]').isDisabled(), 'which dish must be said')
    await dialog.locator('[data-dish]').first().click()
    await looksRight(page, { shot: (name) => stage.shot(page, `branch-refuse-${name}`) })
    check((await small(page)).length === 0, `targets of 52 px: ${await small(page)}`)
    await dialog.locator('[data-test="refuse"]').click()
    await until('refused with the dish', () => board.sent.some((one) => one.id === 'o-3083' && one.reason === 'sold_out' && one.dishes.length === 1))
    await until('gone from the column', async () => (await order('3083').count()) === 0)

    await order('3061').locator('[data-step="outcome"]').click()
    await looksRight(page, { shot: (name) => stage.shot(page, `branch-outcome-${name}`) })
    await dialog.locator('[data-outcome="D70"]').click()
    await until('a wrong address by one tap', () => board.sent.some((one) => one.id === 'o-3061' && one.code === 'D70'))
    await order('3071').locator('[data-step="grant"]').click()
    await until('the change is agreed to', () => steps().includes('o-3071 grant'))

    await page.getByLabel('菜号或菜名').fill('srjt')
    await page.locator('.candidate[data-dish="42"] [data-until="closing"]').click()
    await page.locator('[data-test="pause"]').click()
    await page.getByRole('dialog').locator('[data-reason="equipment"]').click()
    await looksRight(page, { shot: (name) => stage.shot(page, `branch-pause-${name}`) })
    await page.getByRole('dialog').locator('[data-minutes="30"]').click()
    await page.locator('[data-test="paused"]').waitFor()
    await page.locator('[data-rider="老周"] button').click()
    await page.getByLabel('收到（元）').fill('126')
    await page.keyboard.press('Enter')
    await until('all asked', () => asked.length === 3)
    check(JSON.stringify(asked) === JSON.stringify([['sold-out', 'closing'], ['pause', 30, 'equipment'], ['in', 12_600]]), `asked: ${JSON.stringify(asked)}`)

    step('offline: a banner over the whole width with how many may wait')
    await context.setOffline(true)
    board.close()
    const lost = page.locator('[data-test="lost"]')
    await lost.waitFor()
    check(/可能有 \d+ 单在等/.test(await lost.innerText()), `the banner says how many: ${await lost.innerText()}`)
    check((await lost.boundingBox()).width >= 1280, 'over the whole width')
    await stage.shot(page, 'branch-offline')
    await speak(page, 'en')
    await stage.shot(page, 'branch-offline-en')
    await context.setOffline(false)
    await until('it is back by itself', async () => !(await lost.isVisible()), 12_000)
  }
}
