// A stand-in for the program, for work on pages alone: sign-in as anybody, one customer who rings every now and then.
// `npm run mock`, then `DINETONE_URL=http://127.0.0.1:8099 npm run dev`; or open http://127.0.0.1:8099 after `npm run build`.
// Sign in as `dispatcher`, `branch1`, `supervisor`, `manager` or `admin` for their pages, as anybody else for the agent's.
// POST /mock/ring, /mock/gone, /mock/lost, /mock/store, /mock/order make things happen. Not shipped. It answers no WebRTC offers.
import { createHash } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import * as kitchen from './kitchen.mjs'

const PORT = Number(process.env.PORT ?? 8099)
const dist = new URL('../dist/', import.meta.url)
const iso = (ms = 0) => new Date(Date.now() + ms).toISOString()

let me = { user: 'u-8003', name: '李娜', number: '8003', role: 'agent', language: 'zh-CN', queues: ['order'], breaks: ['lunch', 'short', 'training', 'meeting'], must_change_password: false, demo: true, ring_seconds: 20, break_minutes: { lunch: 30, short: 10 }, thresholds: { waiting: [3, 6], longest_s: [60, 90], in_time: [85, 75], abandoned: [5, 8], long_call_s: 300 } }
const dish = (number, zh, en, pinyin, price_fen, more = {}) => ({ number, zh, en, pinyin, price_fen, sizes: null, options: [], category: 'hot', served: true, points: null, sold_out: [], new: false, ...more })
const catalogue = {
  version: '1', currency: 'CNY',
  levels: [['regular', '普通', 'regular', 0], ['silver', '银卡', 'silver', 3], ['gold', '金卡', 'gold', 10], ['diamond', '钻石', 'diamond', 15]].map(([id, zh, en, discount_percent]) => ({ id, zh, en, discount_percent })),
  categories: [{ id: 'hot', zh: '热菜', en: 'Hot dishes' }, { id: 'staple', zh: '主食', en: 'Rice and noodles' }],
  dishes: [
    dish(2, '凉拌黄瓜', 'Smashed cucumber', 'lbhg', 1200), dish(18, '宫保鸡丁', 'Kung Pao chicken', 'gbjd', 3800), dish(19, '鱼香肉丝', 'Shredded pork in garlic sauce', 'yxrs', 3200),
    dish(20, '麻婆豆腐', 'Mapo tofu', 'mpdf', 2200, { options: ['spice'] }), dish(22, '水煮鱼', 'Fish in hot chili broth', 'szy', 6800, { options: ['size', 'spice'], sizes: { large_fen: 8800, medium_fen: 6800, small_fen: 4800 } }),
    dish(25, '清炒时蔬', 'Stir-fried seasonal greens', 'qcss', 2200, { sold_out: [1] }), dish(42, '松茸鸡汤', 'Matsutake chicken soup', 'srjt', 5800, { new: true }), dish(61, '扬州炒饭', 'Yangzhou fried rice', 'yzcf', 2650), dish(88, '酸梅汤', 'Sour plum drink', 'smt', 1200),
  ],
  branches: [[1, '徐家汇店', 'Xujiahui branch', '漕溪北路88号', '88 North Caoxi Road', '地铁一号线徐家汇站八号口，步行三分钟', 'Metro line 1, Xujiahui station, exit 8'], [2, '静安寺店', "Jing'an Temple branch", '南京西路1688号', '1688 West Nanjing Road', '地铁二号线静安寺站三号口', "Metro line 2, Jing'an Temple station, exit 3"]].map(([number, zh, en, address_zh, address_en, transit_zh, transit_en]) => ({ number, zh, en, address_zh, address_en, transit_zh, transit_en, phone: `021-6438000${number}`, open: number === 1, opens_at: '10:00', closes_at: '21:30', delivery_minutes: 35, pickup_minutes: 20, min_delivery_fen: 3000, delivery_fee_fen: 500 })),
  offers: [{ id: 'pair', zh: '周六双人套餐 9 折', en: 'Saturday set for two, 10% off' }],
}
const line = (number, quantity, note = null) => { const one = catalogue.dishes.find((each) => each.number === number); return { dish: number, quantity, size: null, spice: null, note, zh: one.zh, en: one.en, price_fen: one.price_fen } }
const pop = {
  customer: 'c-1', identity: 'member', others: [], name: '王晓梅', language: 'zh-CN', member_number: '102938', level: 'gold', points: 2450, points_entries: [{ at: iso(-9e8), points: 126, why: '消费 #3072' }], phones: ['13800138000'],
  addresses: [{ id: 'a-1', label: '家', text: '漕溪北路 88 号 12 楼 1203 室', branch: 1, unchecked: false, recording: null }, { id: 'a-2', label: '公司', text: '肇嘉浜路 1111 号 3 号楼 602', branch: 1, unchecked: false, recording: null }],
  tastes: ['少辣'], allergies: ['花生'], tags: [], note: '门铃坏了，打电话', order_count: 13, spent_fen: 201800, average_fen: 15523, favourites: [{ dish: 18, portions: 11, times: 9 }],
  orders: [{ id: 'o-1', number: '3072', placed_at: iso(-3 * 864e5), status: 'done', branch: 1, pay_fen: 12600, lines: [line(18, 2, '少辣'), line(61, 2)] }, { id: 'o-2', number: '2871', placed_at: iso(-12 * 864e5), status: 'done', branch: 1, pay_fen: 8850, lines: [line(19, 1), line(88, 3)] }],
  cases: [{ number: 'C-12', kind: 'delivery', at: iso(-2 * 864e5) }], block: null, vip: false, last_agent: { user: 'u-8003', name: '李娜', at: iso(-3 * 864e5) }, owner: null, never: [], cart: { lines: [line(18, 2), line(25, 1), line(61, 2)] },
}
const today = { calls: 46, missed: 1, orders: 31, talk_ms: 46 * 134000, wrap_up_ms: 46 * 14000 }
const agent = (number, name, state, more = {}) => ({ user: `u-${number}`, node: null, number, name, role: 'agent', state, since: iso(-42000), until: null, extended: 0, break_reason: null, reason: null, next: null, seat: 'browser', connected: true, queues: ['order'], call: null, caller: null, today, ...more })
let mine = agent('8003', '李娜', 'offline', { seat: null })
const others = [agent('8004', '陈晨', 'on_call'), agent('8005', '周敏', 'available'), agent('8008', '何静', 'break', { break_reason: 'lunch' })]
const queues = () => ({ queues: [{ queue: 'order', name_zh: '点餐热线', name_en: 'Orders', waiting: 3, longest_since: iso(-42000), agents: 4, ready: 1, offered: 318, answered: 300, answered_in_time: 274, abandoned: 13, abandoned_short: 2 }, { queue: 'care', name_zh: '订单与投诉', name_en: 'Orders and complaints', waiting: 1, longest_since: iso(-17000), agents: 2, ready: 0, offered: 40, answered: 37, answered_in_time: 33, abandoned: 2, abandoned_short: 1 }], waiting: [['139****2211', 42, 'gold'], ['021****8890', 17, null], ['177****0342', 5, null]].map(([caller, s, level], place) => ({ call: 100 + place, queue: 'order', caller, name: '', level, since: iso(-s * 1000), place: place + 1, priority: 0, kept_for: null, is_callback: false })) })
const missed = [{ id: 'm-1', at: iso(-700000), phone: '13912342211', name: '李先生', kind: 'abandoned', queue: 'order', taken_by: null, done: false }, { id: 'm-2', at: iso(-300000), phone: '02164388890', name: '', kind: 'voicemail', queue: 'order', taken_by: '周敏', done: false }]
// The kitchen: cards by id, and what everybody with a board hears.
const cards = new Map(kitchen.evening().map((one) => [one.id, one]))
const tasks = new Map(kitchen.tasks().map((one) => [one.id, one]))
const boards = new Set()
let journal = 1
const spread = (frame) => boards.forEach((socket) => socket.send({ seq: ++journal, ...frame }))
const seat = () => ({ role: me.role, branch: me.role === 'branch' ? 1 : null, name: me.name })
const ROLES = { dispatcher: ['dispatcher', '赵强'], branch1: ['branch', '徐家汇店'], supervisor: ['supervisor', '王主管'], manager: ['manager', '林经理'], admin: ['administrator', '管理员'] }
const drafts = new Map()
const placed = new Map()
let call = null
let number = 7
let seq = 1
let orders = 3086
const sockets = new Set()
const timers = new Set()
const later = (ms, then) => { const timer = setTimeout(() => { timers.delete(timer); then() }, ms); timers.add(timer) }

const tell = (frame) => sockets.forEach((socket) => socket.send(frame))
const event = (type, more) => tell({ seq: ++seq, at: iso(), type, ...more })
function become(state, more = {}) {
  mine = { ...mine, state, since: iso(), until: null, call: call?.call ?? null, ...more }
  event('agent.state', mine)
}
function set(change) {
  call = { ...call, ...change, since: change.state ? iso() : call.since }
  event('call.state', { call })
}
function ring(unknown = false) {
  if (mine.state !== 'available') return false
  call = { call: ++number, id: `call-${number}`, state: 'ringing', since: iso(), arrived_at: iso(-60000), answered_at: null, outbound: false, queue: 'order', queue_name_zh: '点餐热线', queue_name_en: 'Orders', language: 'zh-CN', caller: unknown ? '17700010342' : '13800138000', dialled: '4001', waited_ms: 38000, ring_until: iso(20000), path: ['welcome.start', 'main', 'mem.ask_id', 'order.dish', 'order.quantity', 'order.address'], reason: 'key_0', routed: '上次由您接待，3 天前', pop: unknown ? { ...pop, customer: null, identity: 'unknown', name: '', member_number: null, level: null, points: null, phones: ['17700010342'], addresses: [], tastes: [], allergies: [], note: '', orders: [], order_count: 0, spent_fen: 0, average_fen: 0, favourites: [], cases: [], last_agent: null, cart: null } : pop, parties: [{ kind: 'caller', name: '王晓梅', how: null }], muted: false, consult: null, from: null, notes: [], orders: [], wrap_up_until: null, proposed: null, lost: null, ended: null }
  event('call.ring', { call })
  become('ringing', { until: call.ring_until })
  const rings = call.call
  later(20000, () => { if (call?.call === rings && call.state === 'ringing') gone('no_answer') })
  return true
}
function gone(why) {
  if (!call) return
  const was = call
  if (was.state === 'ringing') {
    call = null
    event('call.withdrawn', { call: was.call, why })
    become(why === 'no_answer' ? 'not_responding' : 'available')
  } else wrapUp('caller')
}
function wrapUp(ended) {
  const until = iso(30000)
  set({ state: 'wrap_up', wrap_up_until: until, ended, consult: null, proposed: call.orders.length ? 10 : null })
  become('wrap_up', { until, extended: 0 })
  waitForEnd(call.call)
}
function waitForEnd(of) {
  const check = () => {
    if (call?.call !== of || call.state !== 'wrap_up') return
    if (Date.parse(mine.until) <= Date.now()) close()
    else later(500, check)
  }
  check()
}
function close() {
  set({ state: 'closed' })
  call = null
  const next = mine.next
  mine.next = null
  if (next?.startsWith('break:')) become('break', { break_reason: next.slice(6) })
  else become('available', { break_reason: null })
}
const commands = {
  'shift.start': (c) => become('available', { seat: c.seat }), 'shift.end': () => become('offline', { seat: null }),
  'agent.state': (c) => (call ? ((mine.next = c.to), event('agent.state', mine)) : c.to === 'available' ? become('available', { break_reason: null }) : become('break', { break_reason: c.to.slice(6) })),
  'media.offer': () => {}, 'media.ice': () => {}, ping: () => tell({ type: 'pong' }), resync: (_, socket) => socket.send(snapshot()),
  'call.answer': () => { set({ state: 'talking', answered_at: iso(), ring_until: null }); become('on_call') },
  'call.reject': () => gone('rejected'), 'call.hangup': () => wrapUp('agent'), 'call.hold': () => { set({ state: 'held' }); become('hold') }, 'call.unhold': () => { set({ state: 'talking' }); become('on_call') },
  'call.mute': (c) => set({ muted: c.on }), 'call.dtmf': () => {}, 'call.note': (c) => set({ notes: [...call.notes, c.text] }),
  'call.identify': () => set({ pop: { ...pop, cart: null } }),
  'call.transfer': (c) => { if (c.mode === 'blind') return wrapUp('transferred'); set({ state: 'consulting', consult: { with: c.to.agent ?? c.to.number, state: 'ringing' } }); become('hold'); later(2000, () => call && set({ consult: { ...call.consult, state: 'talking' } })) },
  'call.complete': () => wrapUp('transferred'), 'call.cancel_consult': () => { set({ state: 'talking', consult: null }); become('on_call') }, 'call.conference': () => { set({ state: 'conference', consult: null, parties: [...call.parties, { kind: 'consulted', name: '周敏', how: null }] }); become('on_call') },
  'call.dial': (c) => { ring(true); set({ state: 'dialling', outbound: true, caller: c.number, ring_until: null }); become('outbound'); later(2000, () => { if (call?.state === 'dialling') { set({ state: 'talking', answered_at: iso() }); become('on_call') } }) },
  'wrapup.save': () => close(), 'wrapup.extend': () => { const until = new Date(Date.parse(mine.until) + 30000).toISOString(); mine = { ...mine, until, extended: mine.extended + 1 }; set({ wrap_up_until: until }); event('agent.state', mine) },
}
const needsCall = (type) => type.startsWith('call.') && type !== 'call.dial'
const snapshot = () => ({ type: 'snapshot', seq, at: iso(), me: mine.state === 'offline' ? null : mine, calls: call ? [call] : [], queues: queues(), agents: [...others, ...(mine.state === 'offline' ? [] : [mine])], node: 'a', nodes: [], store_away: false, version: '0.2.0-mock' })

function quote(order) {
  const lines = order.lines.map((one) => ({ ...one, price_fen: catalogue.dishes.find((each) => each.number === one.dish)?.price_fen ?? 0 }))
  const goods_fen = lines.reduce((sum, one) => sum + one.price_fen * one.quantity, 0)
  const off = order.customer ? Math.round(goods_fen * 0.1) : 0
  const problems = []
  for (const one of lines) if (catalogue.dishes.find((each) => each.number === one.dish)?.sold_out.includes(order.branch)) problems.push({ code: 'sold_out', zh: '徐家汇店已售完', en: 'Sold out at this branch', dish: one.dish })
  if (order.service === 'delivery' && !order.address_id && !order.address_text) problems.push({ code: 'no_address', zh: '请填写地址', en: 'The address is missing' })
  const points_fen = order.points ? 2400 : 0
  return { lines, goods_fen, discounts: off ? [{ why: 'level', zh: '金卡', en: 'Gold', off_fen: off }] : [], fee_fen: order.service === 'delivery' ? 500 : 0, points_fen, pay_fen: goods_fen - off - points_fen + (order.service === 'delivery' ? 500 : 0), promised_at: iso(35 * 60000), problems }
}

const types = { html: 'text/html', js: 'text/javascript', css: 'text/css', svg: 'image/svg+xml' }
const CSP = "default-src 'self'; media-src 'self' blob:; connect-src 'self' ws: wss:"
const server = createServer(async (request, response) => {
  const url = new URL(request.url, 'http://mock')
  let text = ''
  for await (const chunk of request) text += chunk
  let body = {}
  try { body = text ? JSON.parse(text) : {} } catch { body = {} }
  const json = (status, data) => { response.writeHead(status, { 'content-type': status >= 400 ? 'application/problem+json' : 'application/json' }); response.end(data === undefined ? '' : JSON.stringify(data)) }
  const path = `${request.method} ${url.pathname}`
  if (path === 'POST /mock/ring') return json(200, { rings: ring(url.searchParams.has('unknown')) })
  if (path === 'POST /mock/gone') return json(200, gone('caller_gone') ?? {})
  if (path === 'POST /mock/lost') return json(200, set({ lost: call.lost ? null : { what: 'media', until: iso(20000) } }) ?? {})
  if (path === 'POST /mock/store') return json(200, tell({ type: 'store', away: true }) ?? {})
  if (path === 'POST /mock/cut') { sockets.forEach((socket) => socket.destroy()); return json(200, {}) }
  if (path === 'POST /mock/reset') { timers.forEach(clearTimeout); timers.clear(); call = null; drafts.clear(); mine = agent('8003', '李娜', 'offline', { seat: null }); sockets.forEach((socket) => socket.destroy()); return json(200, {}) }
  if (path === 'POST /api/session') { const [role, name] = ROLES[body.user] ?? ['agent', '李娜']; me = { ...me, role, name } }
  if (path === 'GET /api/me' || path === 'POST /api/session' || path === 'POST /api/device-session') return json(200, me)
  if (path === 'POST /mock/order') { const one = kitchen.card(3100 + journal, 'new', 0, { branch: 1 }); cards.set(one.id, one); spread({ type: 'order', order: one }); return json(200, one) }
  const stepping = /^POST \/api\/orders\/([\w-]+)\/steps$/.exec(path)
  if (stepping) { const one = kitchen.stepped(cards.get(stepping[1]), body, me.name); cards.set(one.id, one); for (const task of tasks.values()) if (task.order === one.id && !task.done_at) { task.done_at = Date.now(); spread({ type: 'task', task }) } spread({ type: 'order', order: one }); return json(200, one) }
  if (/^GET \/api\/orders\/[\w-]+\/timeline$/.test(path)) return json(200, { events: [{ at: Date.now() - 240000, kind: 'placed', by: '电话自助', by_kind: 'caller', data: {} }, { at: Date.now() - 200000, kind: 'refuse', by: '徐家汇店', by_kind: 'branch', data: { reason: 'sold_out', dishes: [25] } }] })
  if (/^GET \/api\/orders\/[\w-]+\/branches$/.test(path)) return json(200, kitchen.branches(4).map((one, place) => ({ branch: one.number, covers: place < 3, open: true, load_minutes: one.load_minutes, expected_minutes: one.load_minutes + 12, missing: place === 0 ? [25] : [], distance_m: null, best: place === 1 })))
  if (/^GET \/api\/orders\/[\w-]+\/slip\/\w+$/.test(path)) return json(200, { width: 32, lines: [{ text: '徐家汇店 后厨单', big: true, bold: true, align: 'center' }, { text: '宫保鸡丁            ×2', bold: true }] })
  const tasked = /^POST \/api\/tasks\/([\w-]+)\/(take|done)$/.exec(path)
  if (tasked) { const task = tasks.get(tasked[1]); Object.assign(task, tasked[2] === 'take' ? { taken_by: me.user, taken_name: me.name } : { done_at: Date.now(), done_how: body.how }); spread({ type: 'task', task }); return json(200, task) }
  const changed = /^(PUT|DELETE) \/api\/branches\/(\d+)\/(pause|sold-out)(?:\/(\d+))?$/.exec(path)
  if (changed) { const branch = kitchen.branches(6)[changed[2] - 1]; if (changed[3] === 'pause') branch.paused = changed[1] === 'PUT' ? { until: Date.now() + body.minutes * 60000, reason: body.reason, by: me.name } : null; else branch.sold_out = changed[1] === 'PUT' ? [...branch.sold_out, { dish: Number(changed[4]), until: null }] : branch.sold_out.filter((one) => one.dish !== Number(changed[4])); spread({ type: 'branch', branch }); return json(200, branch) }
  if (/^(GET|POST) \/api\/r\//.test(path)) return json(200, { ...kitchen.delivery(), outcome: request.method === 'POST' ? { code: body.code === 'auto' ? 'D00' : body.code, minutes_late: 0, until: iso(900000) } : null })
  if (/^POST \/api\/riders\/[\w-]+\/in$/.test(path)) return json(200, {})
  if (path === 'PATCH /api/me' || path === 'DELETE /api/session') return json(204)
  if (path === 'GET /api/catalogue') return json(200, catalogue)
  if (path === 'GET /api/missed') return json(200, missed)
  const task = /^POST \/api\/missed\/([\w-]+)\/(take|done)$/.exec(path)
  if (task) { const one = missed.find((each) => each.id === task[1]); if (task[2] === 'take') one.taken_by = me.user; else one.done = true; return json(200, one) }
  if (path === 'GET /api/drafts') return json(200, [...drafts].map(([key, one]) => ({ key, ...one })))
  const draft = /^(PUT|DELETE) \/api\/drafts\/(\w+)$/.exec(path)
  if (draft) { draft[1] === 'PUT' ? drafts.set(draft[2], body) : drafts.delete(draft[2]); return json(204) }
  if (path === 'POST /api/orders/quote') return json(200, quote(body))
  if (path === 'POST /api/orders') {
    const q = quote(body)
    if (q.problems.length) return json(409, { type: '/problems/order-refused', title: 'refused', status: 409, detail: q.problems[0].zh, quote: q })
    if (!placed.has(body.key)) { placed.set(body.key, { id: `o-${++orders}`, number: String(orders), pay_fen: q.pay_fen, promised_at: q.promised_at }); if (call) set({ orders: [...call.orders, String(orders)] }) }
    return json(201, placed.get(body.key))
  }
  if (path === 'GET /api/orders') return json(200, pop.orders.map((order) => ({ ...order, contact: '王晓梅', customer: 'c-1', phone: '13800138000' })))
  if (path === 'GET /api/calls') return json(200, [{ id: 'call-1', at: iso(-9e6), caller: '13800138000', name: '王晓梅', customer: 'c-1', agent: '李娜', duration_ms: 134000, code: 10 }])
  if (path === 'POST /api/customers/search') return json(200, [{ id: 'c-1', name: '王晓梅', member_number: '102938', level: 'gold', phones: ['13800138000'], last_order_at: iso(-3 * 864e5) }])
  if (path === 'POST /api/customers') return json(201, { id: 'c-1', name: body.name })
  if (/^GET \/api\/customers\//.test(path)) return json(200, { pop, timeline: [{ at: iso(-3 * 864e5), kind: 'order', number: '3072', pay_fen: 12600, status: 'done' }, { at: iso(-3 * 864e5), kind: 'call', agent: '李娜', code: 10, note: '' }, { at: iso(-5 * 864e5), kind: 'note', text: '喜欢靠窗' }] })
  if (path.startsWith('PATCH /api/customers') || path === 'POST /api/blocks') return json(200, {})
  if (/addresses$/.test(path)) return json(201, { id: 'a-9', ...body })
  if (path === 'GET /api/wall') return json(200, { today: { offered: 318, answered: 300, in_time_percent: 86, abandon_percent: 4.1, orders: 412 }, by_hour: [] })
  if (url.pathname.startsWith('/api/')) return json(404, { type: '/problems/not-found', title: 'not found', status: 404, detail: '' })
  const name = url.pathname.startsWith('/r/') ? 'rider.html' : url.pathname === '/' ? 'index.html' : /^\/(agent|floor|wall|phone|branch|dispatch|reports|tickets|admin)$/.test(url.pathname) ? `${url.pathname.slice(1)}.html` : url.pathname.slice(1)
  const file = new URL(name, dist)
  if (!file.href.startsWith(dist.href) || !existsSync(file)) return json(404, {})
  response.writeHead(200, { 'content-type': types[name.split('.').pop()] ?? 'application/octet-stream', 'content-security-policy': CSP })
  response.end(readFileSync(file))
})

// As much of RFC 6455 as a browser on the same machine needs.
server.on('upgrade', (request, socket) => {
  const accept = createHash('sha1').update(`${request.headers['sec-websocket-key']}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64')
  socket.write(`HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`)
  socket.send = (frame) => {
    const data = Buffer.from(JSON.stringify(frame))
    const head = data.length < 126 ? Buffer.from([0x81, data.length]) : data.length < 65536 ? Buffer.from([0x81, 126, data.length >> 8, data.length & 255]) : Buffer.concat([Buffer.from([0x81, 127, 0, 0, 0, 0]), Buffer.from([data.length >>> 24, (data.length >> 16) & 255, (data.length >> 8) & 255, data.length & 255])])
    if (!socket.destroyed) socket.write(Buffer.concat([head, data]))
  }
  const board = request.url.startsWith('/api/board')
  if (board) {
    boards.add(socket)
    socket.send({ ...kitchen.snapshot(seat(), { orders: [...cards.values()] }), seq: journal, tasks: me.role === 'branch' ? [] : [...tasks.values()].filter((one) => !one.done_at) })
  } else {
    sockets.add(socket)
    socket.send(snapshot())
  }
  let kept = Buffer.alloc(0)
  socket.on('data', (chunk) => {
    kept = Buffer.concat([kept, chunk])
    for (;;) {
      if (kept.length < 6) return
      let length = kept[1] & 127
      let at = 2
      if (length === 126) { length = kept.readUInt16BE(2); at = 4 } else if (length === 127) { length = Number(kept.readBigUInt64BE(2)); at = 10 }
      if (kept.length < at + 4 + length) return
      const mask = kept.subarray(at, at + 4)
      const data = Buffer.from(kept.subarray(at + 4, at + 4 + length)).map((byte, index) => byte ^ mask[index & 3])
      const code = kept[0] & 15
      kept = kept.subarray(at + 4 + length)
      if (code === 8) { socket.end(); return }
      if (code !== 1) continue
      const command = JSON.parse(String(data))
      const run = board && command.type !== 'ping' ? undefined : commands[command.type]
      if (board && run) socket.send({ type: 'pong' })
      else if (!run) socket.send({ type: 'error', re: command.id, problem: 'unknown-command', detail: command.type })
      else if (needsCall(command.type) && call?.call !== command.call) socket.send({ type: 'error', re: command.id, problem: 'caller-gone', detail: '' })
      else { run(command, socket); socket.send({ type: 'ok', re: command.id }) }
    }
  })
  const left = () => sockets.delete(socket) || boards.delete(socket)
  socket.on('close', left)
  socket.on('error', left)
})
setInterval(() => event('queues', queues()), 5000)
server.listen(PORT, '127.0.0.1', () => console.log(`http://127.0.0.1:${PORT}`))
