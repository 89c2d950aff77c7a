// A made-up evening in the kitchen: branches, orders in every state, tasks, riders. For the stand-in and for painted pages.
const MINUTE = 60_000

const DISHES = [
  [18, '宫保鸡丁', 'Kung Pao chicken', 3800], [25, '清炒时蔬', 'Stir-fried seasonal greens', 2200], [61, '扬州炒饭', 'Yangzhou fried rice', 2650], [22, '水煮鱼', 'Fish in hot chili broth', 6800],
  [42, '松茸鸡汤', 'Matsutake chicken soup', 5800], [2, '凉拌黄瓜', 'Smashed cucumber', 1200], [88, '酸梅汤', 'Sour plum drink', 1200],
]
const NAMES = ['王女士', '李先生', 'Ms Thompson', '陈女士', '欧阳先生', '周女士', '张先生']
const ADDRESSES = ['漕溪北路 88 号 12 楼 1203 室', '肇嘉浜路 1111 号 3 号楼 602', '天钥桥路 580 弄 9 号', '南丹东路 300 弄 2 号 1501']
const PLACES = [['徐家汇店', 'Xujiahui branch'], ['静安寺店', "Jing'an Temple branch"], ['人民广场店', "People's Square branch"], ['虹口店', 'Hongkou branch'], ['浦东店', 'Pudong branch'], ['闵行店', 'Minhang branch']]

const line = (place, quantity, more = {}) => {
  const [dish, zh, en, price_fen] = DISHES[place % DISHES.length]
  return { dish, zh, en, quantity, size: null, spice: null, note: null, price_fen, amount_fen: price_fen * quantity, ...more }
}

/** One card; `status` and times follow from it, `ago` minutes old. */
export function card(number, status, ago, more = {}, now = Date.now()) {
  const placed_at = now - ago * MINUTE
  const steps = ['new', 'accepted', 'cooking', 'ready', 'out', 'done']
  const reached = status === 'cancelled' ? 0 : steps.indexOf(status)
  const at = (place) => (reached >= place && place > 0 ? placed_at + Math.min(ago, place * 4) * MINUTE : null)
  const fulfilment = number % 3 === 0 ? 'pickup' : 'delivery'
  const lines = more.lines ?? [line(number, 2, number % 2 ? { spice: 'mild' } : {}), line(number + 2, 1, number % 4 === 0 ? { note: '不要葱' } : {})]
  const goods_fen = lines.reduce((sum, one) => sum + one.amount_fen, 0)
  const fee_fen = fulfilment === 'delivery' ? 500 : 0
  return {
    id: `o-${number}`, number: `1122-${number}`, tail: String(number).padStart(4, '0').slice(-4), status, life: reached + 1, version: 1, stage: 0,
    owner: ['new', 'accepted', 'cooking', 'ready'].includes(status) ? 'branch' : status === 'out' ? 'rider' : status === 'address_check' ? 'headquarters' : 'nobody', due_at: null,
    ring: status === 'new', loud: false, via: number % 2 ? 'keypad' : 'agent', language: 'zh-CN', branch: 1 + (number % 3), branch_why: 'zone', refused_by: [], fulfilment, name: NAMES[number % NAMES.length],
    phone: `1380013${String(8000 + (number % 1000))}`, level: number % 3 === 1 ? 'gold' : null, orders_before: number % 5, allergies: number % 7 === 2 ? ['花生'] : [],
    address: fulfilment === 'delivery' ? ADDRESSES[number % ADDRESSES.length] : '', address_id: null, recording: null, zone: null, outside: false, lines, remark: number % 6 === 1 ? '多给一副餐具' : '', note_recording: null,
    goods_fen, discounts: [], fee_fen, pay_fen: goods_fen + fee_fen, placed_at, promised_at: placed_at + 45 * MINUTE, wanted_at: null, release_at: null, sent_at: status === 'address_check' ? null : placed_at,
    seen_at: reached > 0 ? placed_at + 5_000 : null, accepted_at: at(1), cooking_at: at(2), ready_at: at(3), out_at: at(4), done_at: status === 'cancelled' ? placed_at + 5 * MINUTE : at(5),
    rider: status === 'out' || status === 'done' ? { id: 'r-1', name: '老周' } : null,
    outcome: status === 'done' ? { code: 'D00', minutes_late: 0, by: '徐家汇店', at: now - 3 * MINUTE, until: now + 12 * MINUTE } : null,
    attempts: 0, held_until: null, rescheduled: 0, lacks: null, expected_at: null, pending: null, urged_at: null, undo_until: null, agent_name: number % 2 ? '' : '李娜', ...more,
  }
}

export function branches(count, now = Date.now()) {
  return Array.from({ length: count }, (_, place) => {
    const [zh, en] = PLACES[place] ?? [`第 ${place + 1} 店`, `Branch no. ${place + 1}`]
    return {
      number: place + 1, zh, en, phone: `021-6438${8000 + place}`, open: true, closes_at: '21:30', online: place !== 5, silent_since: place === 5 ? now - 192_000 : null,
      paused: place === 4 ? { until: now + 14 * MINUTE, reason: 'busy', by: '浦东店' } : null, open_orders: 2 + ((place * 7) % 12), load_minutes: 20 + ((place * 13) % 40), capacity_percent: place === 1 ? null : (place * 37) % 130,
      sold_out: place === 0 ? [{ dish: 25, until: now + 120 * MINUTE }, { dish: 42, until: null }] : [], printer: { state: place === 3 ? 'away' : place === 2 ? 'none' : 'ok', waiting: place === 3 ? 2 : 0 },
      today: { orders: 61 - place, fen: 841_200 - place * 9100, late: place % 4, refused: place % 3 },
    }
  })
}

export const riders = (now = Date.now()) => [
  { id: 'r-1', branch: 1, name: '老周', phone: '13900139001', state: 'out', out_with: ['o-3060'], due_fen: 12_600, since: now - 8 * MINUTE },
  { id: 'r-2', branch: 1, name: '小陈', phone: '13900139002', state: 'in', out_with: [], due_fen: 0, since: now - 30 * MINUTE },
]

/** Orders of one evening: what a branch and headquarters have before them. */
export const evening = (now = Date.now()) => [
  card(3086, 'new', 0.4, { branch: 1, fulfilment: 'pickup', wanted_at: now + 42 * MINUTE, allergies: ['花生'], lines: [line(0, 2, { spice: 'mild' }), line(2, 2, { note: '不要葱' })] }, now),
  card(3083, 'new', 1.2, { branch: 1, fulfilment: 'delivery', seen_at: null }, now),
  card(3072, 'cooking', 12, { branch: 1, fulfilment: 'delivery', expected_at: now + 52 * MINUTE }, now),
  card(3070, 'accepted', 50, { branch: 1, fulfilment: 'pickup', version: 2, urged_at: now - 2 * MINUTE }, now),
  card(3071, 'cooking', 6, { branch: 1, fulfilment: 'delivery', pending: { kind: 'edit', why: '少一份鸡丁', by: '李娜', at: now - 20_000, lines: [{ dish: 42, quantity: 1, size: null, spice: null, note: null }] } }, now),
  card(3066, 'ready', 20, { branch: 1, fulfilment: 'pickup' }, now),
  card(3064, 'ready', 22, { branch: 1, fulfilment: 'delivery', attempts: 2, held_until: now + 19 * MINUTE }, now),
  card(3061, 'out', 31, { branch: 1, fulfilment: 'delivery' }, now),
  card(3058, 'done', 60, { branch: 1 }, now),
  card(3049, 'cancelled', 70, { branch: 1 }, now),
  card(3090, 'address_check', 2, { branch: null, recording: 'rec-1', address: '', fulfilment: 'delivery' }, now),
  card(3081, 'new', 4, { branch: 2, owner: 'headquarters', refused_by: [1], seen_at: now - 200_000, fulfilment: 'delivery' }, now),
  card(3079, 'new', 3.4, { branch: 2, owner: 'headquarters', fulfilment: 'pickup' }, now),
  card(3065, 'cooking', 24, { branch: 3 }, now),
  card(3060, 'out', 38, { branch: 3 }, now),
]

/** What a rider's page is told. */
export const delivery = (now = Date.now()) => ({
  number: '1122-3061', tail: '3061', status: 'out', out: true, name: '王女士', phone: '13800138000', address: '漕溪北路 88 号 12 楼 1203 室', spoken: false, remark: '门铃坏了，打电话', lines: [{ zh: '宫保鸡丁', en: 'Kung Pao chicken', quantity: 2 }, { zh: '扬州炒饭', en: 'Yangzhou fried rice', quantity: 1 }],
  pay_fen: 12_600, promised_at: new Date(now + 9 * MINUTE).toISOString(), branch: '徐家汇店', branch_phone: '021-64380001', rider: '老周', outcome: null, attempts: 0, held_until: null, codes: ['D00', 'D70', 'D71', 'D72', 'D73', 'D81', 'D82', 'D83', 'D90'],
})

export const tasks = (now = Date.now()) => [
  { id: 't-1', kind: 'refused', order: 'o-3081', number: '1122-3081', branch: 1, at: now - 250_000, due_at: now - 70_000, words: { code: 'refused', reason: 'sold_out', dishes: [25] }, taken_by: null, taken_name: null, done_at: null, done_how: null },
  { id: 't-2', kind: 'unheard', order: 'o-3079', number: '1122-3079', branch: 2, at: now - 202_000, due_at: now + 20_000, words: { code: 'unheard', seconds: 120 }, taken_by: null, taken_name: null, done_at: null, done_how: null },
  { id: 't-3', kind: 'address', order: 'o-3090', number: '1122-3090', branch: null, at: now - 65_000, due_at: now + 235_000, words: { code: 'address' }, taken_by: null, taken_name: null, done_at: null, done_how: null },
  { id: 't-4', kind: 'branch_away', order: null, number: null, branch: 6, at: now - 31_000, due_at: null, words: { code: 'branch_away', orders: 2 }, taken_by: 'u-9', taken_name: '孙悦', done_at: null, done_how: null },
]

export const snapshot = (me, { count = 6, orders = evening(), now = Date.now() } = {}) => ({
  type: 'snapshot', seq: 1, at: now, me, orders: me.role === 'branch' ? orders.filter((one) => one.branch === me.branch) : orders, tasks: me.role === 'branch' ? [] : tasks(now),
  branches: me.role === 'branch' ? branches(count, now).filter((one) => one.number === me.branch) : branches(count, now), riders: me.role === 'branch' ? riders(now).filter((one) => one.branch === me.branch) : riders(now),
})

const AFTER = { seen: {}, accept: { status: 'accepted' }, cook: { status: 'cooking' }, ready: { status: 'ready' }, grant: { pending: null }, decline: { pending: null }, nudge: {}, correct: {} }
/** What a step makes of a card: enough of it for pages alone. */
export function stepped(before, body, by, now = Date.now()) {
  const one = { ...before, life: before.life + 1, undo_until: null, ring: false }
  const { step } = body
  if (step === 'undo') return { ...(before.before ?? before), life: one.life, undo_until: null, before: undefined }
  if (step === 'refuse') Object.assign(one, { owner: 'headquarters', refused_by: [...one.refused_by, one.branch] })
  else if (step === 'hand_over') Object.assign(one, one.fulfilment === 'pickup' ? { status: 'done', done_at: now, outcome: { code: 'D00', minutes_late: 0, by, at: now, until: now + 15 * MINUTE } } : { status: 'out', out_at: now, owner: 'rider', rider: body.rider ? riders().find((rider) => rider.id === body.rider) ?? null : null })
  else if (step === 'deliver' || step === 'correct') Object.assign(one, { status: 'done', done_at: now, outcome: { code: body.code === 'auto' ? 'D00' : body.code, minutes_late: 0, by, at: now, until: now + 15 * MINUTE } })
  else if (step === 'reschedule') Object.assign(one, { promised_at: body.at, rescheduled: one.rescheduled + 1, version: one.version + 1, fulfilment: body.pickup ? 'pickup' : one.fulfilment })
  else if (step === 'reassign') Object.assign(one, { branch: body.branch, owner: 'branch', sent_at: now, seen_at: null, status: 'new' })
  else if (step === 'cancel') Object.assign(one, { status: 'cancelled', done_at: now })
  else if (step === 'address') Object.assign(one, { address: body.text, branch: body.branch, status: 'new', owner: 'branch', sent_at: now })
  else Object.assign(one, AFTER[step] ?? {})
  if (step === 'seen') one.seen_at = now
  if (step === 'accept') Object.assign(one, { accepted_at: now, seen_at: one.seen_at ?? now, promised_at: body.minutes ? now + body.minutes * MINUTE : one.promised_at })
  if (step === 'cook') one.cooking_at = now
  if (step === 'ready') one.ready_at = now
  if (!['seen', 'nudge', 'correct'].includes(step)) Object.assign(one, { undo_until: now + 10_000, before })
  return one
}
