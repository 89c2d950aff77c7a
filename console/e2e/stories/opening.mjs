// The agent's page while the server takes its time: drawn at once, nothing shown that is not known, and a call in progress keeps its order.
import { inCard } from '../kit/desk.mjs'
import { agents, floorSocket, ME, ORIGIN, paint } from '../kit/painted.mjs'
import { check, until } from '../kit/until.mjs'

const DISH = { number: 18, zh: '宫保鸡丁', en: 'Kung pao chicken', pinyin: 'gbjd', price_fen: 3800, sizes: null, options: [], category: 'hot', served: true, points: null, sold_out: [], new: false }
const POP = {
  customer: 'c1', identity: 'caller_id', others: [], name: '王晓梅', language: 'zh-CN', member_number: '102938', level: null, points: 10, points_entries: [], phones: ['13800138000'], addresses: [],
  tastes: [], allergies: [], tags: [], note: '', orders: [], order_count: 0, spent_fen: 0, average_fen: 0, favourites: [], cases: [], block: null, vip: false, last_agent: null, owner: null, never: [], cart: null,
}
const call = (state) => {
  const at = new Date(Date.now() - 20_000).toISOString()
  return {
    call: 7, id: 'i7', state, since: at, arrived_at: at, answered_at: at, outbound: false, queue: 'order', queue_name_zh: '点餐', queue_name_en: 'Orders', language: 'zh-CN', caller: '13800138000', dialled: '1000', waited_ms: 0,
    ring_until: null, path: [], reason: '', routed: '', pop: POP, parties: [], muted: false, consult: null, from: null, notes: [], orders: [],
    wrap_up_until: state === 'wrap_up' ? new Date(Date.now() + 30_000).toISOString() : null, proposed: null, lost: null, ended: null,
  }
}
/** What was typed before the reload: two portions. */
const DRAFT = { key: 'd1', draft: { key: 'd1', orderKey: 'o1', call: 7, customer: 'c1', phone: '13800138000', contact: '王晓梅', service: 'pickup', branch: null, lines: [{ dish: 18, quantity: 2, options: [], note: '' }] } }

async function opened(stage, name, { calls, state }) {
  const { context, open } = await stage.person(name, { size: [1440, 900] })
  let answer
  const patience = new Promise((resolve) => (answer = resolve))
  const slow = (body) => async () => (await patience, { status: 200, body })
  const [me] = agents(1)
  await context.addInitScript(() => localStorage.setItem('dinetone.signed-in', '1'))
  await paint(context, {
    answers: {
      'GET /api/me': slow({ ...ME, user: me.user, name: me.name, number: me.number, role: 'agent' }),
      'GET /api/drafts': slow([DRAFT]),
      'GET /api/catalogue': slow({ version: '1', currency: 'CNY', levels: [], categories: [], dishes: [DISH], branches: [], offers: [] }),
      'GET /api/missed': slow([]),
    },
    live: floorSocket({ people: agents(14).slice(1), me: state ? { ...me, seat: 'phone', state } : null, calls }),
  })
  return { page: await open(`${ORIGIN}/agent`), answer }
}

export default async function opening(stage, step) {
  step('the frame is there before any answer, with a call in progress on its card')
  const { page, answer } = await opened(stage, 'opening', { calls: [call('talking')], state: 'on_call' })
  await page.getByRole('navigation').getByText('工作台').waitFor()
  await inCard(page, 'talking')
  check((await page.locator('main.columns > *').count()) === 3, 'three columns')
  check((await page.getByRole('button', { name: '开始上班' }).count()) === 0, 'nobody on shift is asked to begin one')
  await stage.shot(page, 'opening')

  step('with the answers its order opens: nothing that was typed is lost')
  answer()
  await page.locator('#center-panel').getByText('宫保鸡丁').waitFor()
  await until('who one is', async () => /李娜/.test(await page.getByRole('banner').innerText()))

  step('the same in the wrap-up')
  const wrapping = await opened(stage, 'opening-wrap-up', { calls: [call('wrap_up')], state: 'wrap_up' })
  await inCard(wrapping.page, 'wrap_up')
  wrapping.answer()
  await wrapping.page.locator('#center-panel').getByText('宫保鸡丁').waitFor()

  step('whoever has not begun is asked to, when that is known')
  const before = await opened(stage, 'opening-before', { calls: [], state: null })
  before.answer()
  await before.page.getByRole('banner').getByRole('button', { name: '开始上班' }).waitFor()
}
