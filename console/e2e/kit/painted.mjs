// Pages without a program: the built files, and answers painted on, for states that a real floor reaches on a busy evening only.
import { existsSync, readFileSync } from 'node:fs'
import { extname, join, resolve } from 'node:path'

const dist = resolve(import.meta.dirname, '../../dist')
const TYPES = { '.html': 'text/html', '.js': 'text/javascript', '.css': 'text/css', '.svg': 'image/svg+xml' }
/** Browsers trust localhost with a microphone; nothing listens there, every request is answered below. */
export const ORIGIN = 'http://localhost:9'

/** `answers`: path → body, or a function of the request giving { status, body, headers }. `live`: what the socket does. */
export async function paint(context, { answers = {}, live = () => {}, socket = '**/api/live' } = {}) {
  await context.route('**/*', async (route) => {
    const url = new URL(route.request().url())
    if (url.pathname.startsWith('/api/')) {
      const found = answers[`${route.request().method()} ${url.pathname}`] ?? answers[url.pathname]
      const answer = typeof found === 'function' ? await found(route.request()) : found === undefined ? { status: 404, body: {} } : { status: 200, body: found }
      if (answer === 'away') return route.abort('connectionrefused')
      return route.fulfill({ status: answer.status, headers: { 'content-type': 'application/json', ...answer.headers }, body: JSON.stringify(answer.body) })
    }
    const name = url.pathname === '/' ? 'index.html' : url.pathname.startsWith('/r/') ? 'rider.html' : extname(url.pathname) ? url.pathname : `${url.pathname}.html`
    const file = join(dist, name)
    if (!existsSync(file)) return route.fulfill({ status: 404, body: '' })
    return route.fulfill({ status: 200, headers: { 'content-type': TYPES[extname(file)] ?? 'application/octet-stream' }, body: readFileSync(file) })
  })
  await context.routeWebSocket(socket, live)
}

const ago = (seconds) => new Date(Date.now() - seconds * 1000).toISOString()
const NAMES = ['李娜', '王强', '周敏', '吴昊', '郑爽', '何静', '罗丹', '孙悦', '马超', '林夕', '高翔', '袁野', '欧阳修文', 'Alexandra Thompson']
const STATES = ['on_call', 'on_call', 'available', 'wrap_up', 'on_call', 'break', 'ringing', 'hold', 'on_call', 'available', 'not_responding', 'not_ready', 'outbound', 'on_call']

export function agents(count) {
  return Array.from({ length: count }, (_, place) => {
    const state = STATES[place % STATES.length]
    const talks = ['on_call', 'hold', 'ringing', 'wrap_up', 'outbound'].includes(state)
    return {
      user: `u${place}`, node: null, number: String(8001 + place), name: NAMES[place % NAMES.length], role: 'agent', state, since: ago(12 + ((place * 37) % 400)),
      until: state === 'wrap_up' ? ago(-18) : null, extended: 0, break_reason: state === 'break' ? 'short' : null, reason: state === 'not_ready' ? 'no_media' : null,
      next: null, seat: 'browser', connected: state !== 'not_ready', queues: ['order-zh', 'order-en', 'complaint'].slice(0, 1 + (place % 3)), call: talks ? place : null,
      caller: talks ? '138****8000' : null, today: { calls: 46 - place, missed: place % 3, orders: 31 - place, talk_ms: (46 - place) * 154_000, wrap_up_ms: (46 - place) * 21_000 },
    }
  })
}

export const QUEUES = {
  queues: [
    { queue: 'order-zh', name_zh: '点餐 中文', name_en: 'Orders in Mandarin', waiting: 2, longest_since: ago(102), agents: 12, ready: 2, offered: 210, answered: 196, answered_in_time: 167, abandoned: 9, abandoned_short: 3 },
    { queue: 'order-en', name_zh: '点餐 英文', name_en: 'Orders in English', waiting: 0, longest_since: null, agents: 5, ready: 1, offered: 41, answered: 40, answered_in_time: 38, abandoned: 1, abandoned_short: 0 },
    { queue: 'complaint', name_zh: '订单与投诉', name_en: 'Orders and complaints', waiting: 1, longest_since: ago(20), agents: 4, ready: 0, offered: 67, answered: 61, answered_in_time: 52, abandoned: 3, abandoned_short: 2 },
  ],
  waiting: [
    { call: 901, queue: 'order-zh', caller: '139****2211', name: '王晓梅', level: 'gold', since: ago(102), place: 1, priority: 20, kept_for: 'u0', is_callback: false },
    { call: 902, queue: 'order-zh', caller: '021****8890', name: '', level: null, since: ago(64), place: 2, priority: 0, kept_for: null, is_callback: false },
    { call: 903, queue: 'complaint', caller: null, name: '', level: null, since: ago(20), place: 1, priority: 5, kept_for: null, is_callback: true },
  ],
}

export const ME = {
  user: 'sup', name: '王主管', number: '8100', role: 'supervisor', language: 'zh-CN', queues: [], breaks: ['lunch', 'short', 'training', 'meeting'], must_change_password: false,
  demo: true, ring_seconds: 20, break_minutes: { lunch: 45, short: 10, training: 60, meeting: 60 }, thresholds: { waiting: [3, 6], longest_s: [60, 90], in_time: [85, 75], abandoned: [5, 8], long_call_s: 300 },
}

export const WALL = {
  today: { offered: 318, answered: 297, in_time_percent: 86.3, abandon_percent: 4.1, abandoned: 13, orders: 412 },
  by_hour: [9, 10, 11, 12, 13, 14, 15, 16, 17].map((hour, place) => ({ hour, offered: [11, 22, 61, 80, 49, 19, 17, 30, 66][place], abandoned: [0, 1, 6, 20, 5, 1, 1, 4, 11][place] })),
}

/** A live socket that gives a snapshot and answers every command with ok. `sent` collects what the page said. */
export function floorSocket({ people = agents(14), queues = QUEUES, sent = [], me = null, calls = [], nodes = [] } = {}) {
  let tell
  const live = (socket) => {
    let seq = 1
    const send = (frame) => socket.send(JSON.stringify(frame))
    send({ type: 'snapshot', seq, at: new Date().toISOString(), me, calls, queues, agents: people, node: 'a', nodes, store_away: false, version: '0.2.0' })
    socket.onMessage((text) => {
      const frame = JSON.parse(text)
      if (frame.type === 'ping') return send({ type: 'pong' })
      sent.push(frame)
      if (frame.type === 'media.offer') send({ type: 'error', re: frame.id, problem: 'unavailable', detail: '' })
      else send({ type: 'ok', re: frame.id })
    })
    tell = (frame) => send({ seq: ++seq, at: new Date().toISOString(), ...frame })
    live.socket = socket
  }
  live.tell = (frame) => tell(frame)
  live.sent = sent
  return live
}
