// What an administration page needs to know of a thing that can be listed, made, changed and taken away.
import type { Role } from '@/shared/wire'

export type Row = Record<string, unknown>
/** Why what was typed does not fit. */
export type Wrong = 'needed' | 'number' | 'yuan' | 'sizes' | 'week' | 'span'

export interface Field {
  key: string
  /** `yuan` and `sizes` are typed in yuan and sent in fen; `list` is typed with commas and sent as a list; an empty `maybe` is sent as
   * null; `week` is a line for each day from Monday; `span` is a time such as 20s; a `secret` is never shown, and stays when it is empty. */
  kind: 'text' | 'maybe' | 'number' | 'yuan' | 'sizes' | 'select' | 'tick' | 'list' | 'lines' | 'week' | 'span' | 'secret'
  /** Only when it is made. */
  once?: boolean
  needed?: boolean
  /** Taken from the named choices of the page: branches, roles … */
  options?: readonly string[] | 'branches' | 'roles' | 'categories'
  /** Value of a new one. */
  first?: unknown
}

export interface Resource {
  name: string
  /** Who may see it; the first word of the help. */
  roles: readonly Role[]
  /** Who may change it. */
  edit: readonly Role[]
  list: string
  /** Where the list lies in the answer, when it is not the answer itself. */
  at?: string
  id: string
  columns: readonly string[]
  fields: readonly Field[]
  /** Making one: method and address, `{new}` is what was typed as its id; none when it cannot be. */
  add?: readonly ['POST' | 'PUT', string]
  /** Changing one; `{id}` is put in. */
  change?: readonly ['PATCH' | 'PUT', string]
  /** Changing one sends all of it, not only what is different. */
  whole?: boolean
  remove?: string
  /** It lies over the settings file: `source` says where a row comes from, and only what people wrote can be taken away. */
  overFile?: boolean
  /** Fields of the answer of making one that are told this once: a password, a code. */
  told?: readonly string[]
  /** Where a table of it is taken, all of it or nothing; and where all of them are given as a table. */
  table?: readonly [string, string]
  /** Its name in the history of changes, which the editor shows. */
  history?: string
  /** What of it callers hear by name, and may be recorded: `name:dish-{id}`. */
  spoken?: readonly string[]
  /** More that may be done with one. */
  deeds?: readonly {
    name: string
    path: string
    body?: Row
    told?: readonly string[]
    /** Only for rows where this field is true, or with `!` false. */
    when?: string
    /** What to ask before; and, when the answer is 409, whether to do it all the same, with this in the body. */
    ask?: 'close.sure'
    anyway?: Row
  }[]
}

const HEADS: readonly Role[] = ['administrator']
const HOUSE: readonly Role[] = ['manager', 'administrator']
const FLOOR: readonly Role[] = ['supervisor', 'manager', 'administrator']
const KITCHEN: readonly Role[] = ['dispatcher', 'supervisor', 'manager', 'administrator']

export const RESOURCES: readonly Resource[] = [
  {
    name: 'dishes', roles: KITCHEN, edit: HOUSE, list: '/api/house', at: 'dishes', id: 'number', columns: ['number', 'zh', 'en', 'pinyin', 'price_fen', 'category', 'retired'],
    fields: [
      { key: 'number', kind: 'number', needed: true, once: true }, { key: 'zh', kind: 'text', needed: true }, { key: 'en', kind: 'text', needed: true }, { key: 'reading', kind: 'maybe' }, { key: 'price_fen', kind: 'yuan', needed: true },
      { key: 'category', kind: 'select', options: 'categories', needed: true }, { key: 'options', kind: 'list' }, { key: 'size_price_fen', kind: 'sizes' }, { key: 'served', kind: 'maybe' }, { key: 'new_until', kind: 'maybe' },
      { key: 'alternative', kind: 'number' }, { key: 'points', kind: 'number' }, { key: 'retired', kind: 'tick' },
    ],
    add: ['PUT', '/api/dishes/{new}'], change: ['PUT', '/api/dishes/{id}'], history: 'dish', spoken: ['name:dish-{id}'],
  },
  {
    name: 'branches', roles: KITCHEN, edit: HOUSE, list: '/api/house', at: 'branches', id: 'number', columns: ['number', 'zh', 'en', 'phone', 'week', 'delivery_minutes', 'min_delivery_fen', 'delivery_fee_fen', 'closed_for_good'],
    fields: [
      { key: 'number', kind: 'number', needed: true, once: true }, { key: 'zh', kind: 'text', needed: true }, { key: 'en', kind: 'text', needed: true }, { key: 'phone', kind: 'text', needed: true },
      { key: 'address_zh', kind: 'text', needed: true }, { key: 'address_en', kind: 'text', needed: true }, { key: 'transit_zh', kind: 'text' }, { key: 'transit_en', kind: 'text' }, { key: 'location', kind: 'maybe' },
      { key: 'week', kind: 'week', first: Array(7).fill(['10:00-21:30']) }, { key: 'last_order_minutes', kind: 'number', first: 20 }, { key: 'delivery_minutes', kind: 'number', first: 45 }, { key: 'pickup_minutes', kind: 'number', first: 20 },
      { key: 'cook_minutes', kind: 'number', first: 15 }, { key: 'min_delivery_fen', kind: 'yuan', first: 0 }, { key: 'delivery_fee_fen', kind: 'yuan', first: 0 }, { key: 'free_delivery_from_fen', kind: 'yuan' },
      { key: 'capacity_items', kind: 'number' }, { key: 'capacity_yuan', kind: 'number' },
    ],
    add: ['PUT', '/api/branches/{new}'], change: ['PUT', '/api/branches/{id}'], history: 'branch', deeds: [
      { name: 'close-for-good', path: 'PUT /api/branches/{id}/closed', when: '!closed_for_good', ask: 'close.sure', anyway: { anyway: true } },
      { name: 'reopen', path: 'DELETE /api/branches/{id}/closed', when: 'closed_for_good' },
    ], spoken: ['name:branch-{id}', 'name:branch-{id}-address', 'name:branch-{id}-transit'],
  },
  {
    name: 'holidays', roles: KITCHEN, edit: HOUSE, list: '/api/house', at: 'holidays', id: 'id', columns: ['from', 'until', 'branch'],
    fields: [{ key: 'from', kind: 'text', needed: true, once: true }, { key: 'until', kind: 'maybe', once: true }, { key: 'branch', kind: 'select', options: 'branches', once: true }],
    add: ['POST', '/api/holidays'], remove: '/api/holidays/{id}',
  },
  {
    name: 'make_up_days', roles: KITCHEN, edit: HOUSE, list: '/api/house', at: 'make_up_days', id: 'date', columns: ['date', 'follows'],
    fields: [{ key: 'date', kind: 'text', needed: true, once: true }, { key: 'follows', kind: 'select', options: ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'], needed: true, first: 'mon' }],
    add: ['PUT', '/api/make-up-days/{new}'], change: ['PUT', '/api/make-up-days/{id}'], remove: '/api/make-up-days/{id}',
  },
  {
    name: 'offers', roles: KITCHEN, edit: HOUSE, list: '/api/house', at: 'offers', id: 'id', columns: ['id', 'zh', 'from', 'until', 'days', 'kind', 'percent_off', 'off_fen'],
    fields: [
      { key: 'id', kind: 'text', needed: true, once: true }, { key: 'zh', kind: 'text', needed: true }, { key: 'en', kind: 'text', needed: true }, { key: 'from', kind: 'text', needed: true }, { key: 'until', kind: 'text', needed: true },
      { key: 'days', kind: 'list' }, { key: 'hours', kind: 'maybe' }, { key: 'kind', kind: 'select', options: ['news', 'percent', 'amount'], first: 'news', needed: true }, { key: 'category', kind: 'select', options: 'categories' }, { key: 'percent_off', kind: 'number' },
      { key: 'from_fen', kind: 'yuan' }, { key: 'off_fen', kind: 'yuan' }, { key: 'repeat_days', kind: 'number', first: 7, needed: true },
    ],
    add: ['PUT', '/api/offers/{new}'], change: ['PUT', '/api/offers/{id}'], whole: true, remove: '/api/offers/{id}', history: 'offer',
  },
  {
    name: 'levels', roles: KITCHEN, edit: HOUSE, list: '/api/house', at: 'levels', id: 'id', columns: ['id', 'zh', 'en', 'discount_percent'],
    fields: [{ key: 'id', kind: 'text', needed: true, once: true }, { key: 'zh', kind: 'text', needed: true }, { key: 'en', kind: 'text', needed: true }, { key: 'discount_percent', kind: 'number', first: 0, needed: true }],
    add: ['PUT', '/api/levels/{new}'], change: ['PUT', '/api/levels/{id}'], history: 'level',
  },
  {
    name: 'zones', roles: KITCHEN, edit: HOUSE, list: '/api/zones', id: 'id', columns: ['branch', 'name', 'kind', 'fee_fen', 'min_fen', 'minutes'],
    fields: [
      { key: 'branch', kind: 'select', options: 'branches', needed: true }, { key: 'name', kind: 'text', needed: true }, { key: 'kind', kind: 'select', options: ['keywords', 'streets', 'polygon'], first: 'keywords', needed: true },
      { key: 'lines', kind: 'lines', needed: true }, { key: 'fee_fen', kind: 'yuan' }, { key: 'min_fen', kind: 'yuan' }, { key: 'minutes', kind: 'number' },
    ],
    add: ['POST', '/api/zones'], change: ['PUT', '/api/zones/{id}'], whole: true, remove: '/api/zones/{id}',
  },
  {
    name: 'devices', roles: KITCHEN, edit: [...HOUSE, 'dispatcher', 'supervisor'], list: '/api/devices', id: 'id', columns: ['branch', 'name', 'tied', 'seen_at', 'created_at'],
    fields: [{ key: 'branch', kind: 'select', options: 'branches', needed: true, once: true }, { key: 'name', kind: 'text', needed: true, once: true }],
    add: ['POST', '/api/devices'], remove: '/api/devices/{id}', told: ['code'],
  },
  {
    name: 'printers', roles: KITCHEN, edit: HOUSE, list: '/api/printers', id: 'id', columns: ['branch', 'name', 'address', 'state', 'waiting', 'disabled'],
    fields: [
      { key: 'branch', kind: 'select', options: 'branches', needed: true }, { key: 'name', kind: 'text', needed: true }, { key: 'address', kind: 'text', needed: true }, { key: 'width', kind: 'select', options: ['32', '48'], first: 48 },
      { key: 'slips', kind: 'list', first: ['kitchen', 'packing', 'delivery'] }, { key: 'buzzer', kind: 'tick' }, { key: 'disabled', kind: 'tick' },
    ],
    add: ['PUT', '/api/printers'], change: ['PUT', '/api/printers'], whole: true,
  },
  {
    name: 'riders', roles: KITCHEN, edit: KITCHEN, list: '/api/riders', id: 'id', columns: ['branch', 'name', 'phone', 'state', 'due_fen'],
    fields: [{ key: 'branch', kind: 'select', options: 'branches', needed: true, once: true }, { key: 'name', kind: 'text', needed: true }, { key: 'phone', kind: 'text' }],
    add: ['POST', '/api/riders'], change: ['PATCH', '/api/riders/{id}'], deeds: [{ name: 'retire', path: 'PATCH /api/riders/{id}', body: { retired: true } }],
  },
  {
    name: 'users', roles: HOUSE, edit: HEADS, list: '/api/users', id: 'id', columns: ['login', 'name', 'number', 'role', 'queues', 'branch', 'disabled'],
    fields: [
      { key: 'login', kind: 'text', needed: true, once: true }, { key: 'name', kind: 'text', needed: true }, { key: 'number', kind: 'text' }, { key: 'role', kind: 'select', options: 'roles', first: 'agent', needed: true },
      { key: 'queues', kind: 'list' }, { key: 'skills', kind: 'text' }, { key: 'account', kind: 'text' }, { key: 'phone_password', kind: 'text' }, { key: 'branch', kind: 'select', options: 'branches' },
      { key: 'language', kind: 'select', options: ['zh-CN', 'en'], first: 'zh-CN' }, { key: 'disabled', kind: 'tick' },
    ],
    add: ['POST', '/api/users'], change: ['PATCH', '/api/users/{id}'], told: ['password'], deeds: [{ name: 'reset', path: 'POST /api/users/{id}/reset', told: ['password'] }],
  },
  {
    name: 'shifts', roles: FLOOR, edit: FLOOR, list: '/api/shifts', id: 'id', columns: ['number', 'name', 'day', 'spans'],
    fields: [{ key: 'number', kind: 'text', needed: true, once: true }, { key: 'day', kind: 'text', needed: true, once: true }, { key: 'spans', kind: 'list', needed: true }],
    add: ['POST', '/api/shifts'], change: ['PUT', '/api/shifts/{id}'], remove: '/api/shifts/{id}', table: ['/api/shifts/table', '/api/shifts?format=csv'],
  },
  {
    name: 'tokens', roles: HEADS, edit: HEADS, list: '/api/tokens', id: 'id', columns: ['name', 'role', 'created_at'],
    fields: [{ key: 'name', kind: 'text', needed: true, once: true }, { key: 'role', kind: 'select', options: 'roles', first: 'manager', once: true }],
    add: ['POST', '/api/tokens'], remove: '/api/tokens/{id}', told: ['token'],
  },
  {
    name: 'queues', roles: FLOOR, edit: HEADS, list: '/api/queues', id: 'id', columns: ['id', 'zh', 'strategy', 'source', 'waiting', 'working', 'ready', 'people'],
    fields: [
      { key: 'id', kind: 'text', needed: true, once: true }, { key: 'zh', kind: 'text', needed: true }, { key: 'en', kind: 'text', needed: true },
      { key: 'strategy', kind: 'select', options: ['ring-all', 'longest-idle', 'fewest-calls', 'least-talk-time', 'round-robin', 'linear', 'progressive', 'random', 'weighted', 'skill'], needed: true, first: 'longest-idle' },
      { key: 'skills', kind: 'maybe' }, { key: 'ring', kind: 'span', needed: true, first: '20s' }, { key: 'wrap_up', kind: 'span', needed: true, first: '30s' }, { key: 'service_level', kind: 'span', needed: true, first: '20s' },
      { key: 'priority', kind: 'number', needed: true, first: 0 }, { key: 'max_waiting', kind: 'number', needed: true, first: 200 }, { key: 'longest_wait', kind: 'span', needed: true, first: '15m' },
      { key: 'overflow', kind: 'list' }, { key: 'overflow_after', kind: 'span', needed: true, first: '60s' }, { key: 'overflow_depth', kind: 'number', needed: true, first: 0 },
      { key: 'join', kind: 'select', options: ['signed-on', 'working', 'always'], needed: true, first: 'signed-on' }, { key: 'leave_after', kind: 'span', needed: true, first: '20s' },
      { key: 'step', kind: 'span', needed: true, first: '5s' }, { key: 'order', kind: 'list' }, { key: 'weights', kind: 'list' },
    ],
    add: ['PUT', '/api/queues/{new}'], change: ['PUT', '/api/queues/{id}'], remove: '/api/queues/{id}', overFile: true, history: 'queue',
  },
  {
    name: 'trunks', roles: FLOOR, edit: HEADS, list: '/api/trunks', id: 'name', columns: ['name', 'up', 'source', 'transport', 'targets', 'registers_as', 'max_calls', 'max_calls_per_second'],
    fields: [
      { key: 'name', kind: 'text', needed: true, once: true }, { key: 'addresses', kind: 'list' }, { key: 'targets', kind: 'list' }, { key: 'transport', kind: 'select', options: ['udp', 'tcp', 'tls'], needed: true, first: 'udp' },
      { key: 'register', kind: 'tick' }, { key: 'user', kind: 'maybe' }, { key: 'password', kind: 'secret' }, { key: 'domain', kind: 'maybe' }, { key: 'expires', kind: 'span' }, { key: 'allow_md5', kind: 'tick', first: true },
      { key: 'options_every', kind: 'span', needed: true, first: '30s' }, { key: 'caller_from', kind: 'select', options: ['identity', 'from'], needed: true, first: 'identity' },
      { key: 'max_calls', kind: 'number', needed: true, first: 0 }, { key: 'max_calls_per_second', kind: 'number', needed: true, first: 0 },
    ],
    add: ['PUT', '/api/trunks/{new}'], change: ['PUT', '/api/trunks/{id}'], remove: '/api/trunks/{id}', overFile: true, history: 'trunk',
  },
  {
    name: 'webhooks', roles: HEADS, edit: HEADS, list: '/api/webhooks', id: 'id', columns: ['name', 'url', 'kinds', 'active', 'after', 'behind', 'failures'],
    fields: [{ key: 'name', kind: 'text', needed: true }, { key: 'url', kind: 'text', needed: true }, { key: 'kinds', kind: 'list' }, { key: 'active', kind: 'tick', first: true }, { key: 'after', kind: 'number' }],
    add: ['POST', '/api/webhooks'], change: ['PATCH', '/api/webhooks/{id}'], remove: '/api/webhooks/{id}', told: ['secret'],
  },
  {
    name: 'history', roles: HOUSE, edit: HOUSE, list: '/api/admin-changes', id: 'id', columns: ['at', 'by', 'kind', 'subject', 'before', 'after'], fields: [],
    deeds: [{ name: 'undo', path: 'POST /api/admin-changes/{id}/undo' }],
  },
  { name: 'audit', roles: HOUSE, edit: [], list: '/api/audit?limit=300', id: 'seq', columns: ['at', 'name', 'action', 'object', 'detail', 'address'], fields: [] },
]

/** The text of a field's value, as it is typed. */
export function typedOf(field: Field, value: unknown): string {
  if (value === null || value === undefined || field.kind === 'secret') return ''
  if (field.kind === 'yuan') return typeof value === 'number' ? String(value / 100) : ''
  if (field.kind === 'sizes') return Array.isArray(value) ? value.map((fen) => String(Number(fen) / 100)).join('/') : ''
  if (field.kind === 'week') return Array.isArray(value) ? value.map((day) => (day as string[]).join(', ')).join('\n') : ''
  if (field.kind === 'list') return Array.isArray(value) ? value.join(', ') : String(value)
  if (field.kind === 'lines') return Array.isArray(value) ? value.join('\n') : typeof value === 'string' ? value : JSON.stringify(value)
  return String(value)
}

function fenOf(text: string): number | null {
  const match = /^(\d{1,7})(?:[.,](\d{1,2}))?$/.exec(text.trim())
  return match ? Number(match[1]) * 100 + Number((match[2] ?? '0').padEnd(2, '0')) : null
}

/** What was typed, as it is sent; an error's name when it does not fit. */
export function sentOf(field: Field, typed: string | boolean): { value: unknown } | { wrong: Wrong } {
  if (field.kind === 'tick') return { value: typed === true }
  if (field.kind === 'week') {
    const days = Array.from({ length: 7 }, (_, day) => (String(typed).split('\n')[day] ?? '').split(/[,，\s]+/).filter(Boolean))
    return days.flat().every((span) => /^\d\d:\d\d-\d\d:\d\d$/.test(span)) ? { value: days } : { wrong: 'week' }
  }
  const text = String(typed).trim()
  if (text === '') return field.needed ? { wrong: 'needed' } : { value: field.kind === 'list' || field.kind === 'lines' ? [] : field.kind === 'text' || field.kind === 'secret' ? '' : null }
  switch (field.kind) {
    case 'number':
      return /^-?\d{1,9}$/.test(text) ? { value: Number(text) } : { wrong: 'number' }
    case 'yuan': {
      const fen = fenOf(text)
      return fen === null ? { wrong: 'yuan' } : { value: fen }
    }
    case 'sizes': {
      const fen = text.split('/').map(fenOf)
      return fen.length === 3 && !fen.includes(null) ? { value: fen } : { wrong: 'sizes' }
    }
    case 'span':
      return /^\d{1,9}(ms|s|m|h|d)$/.test(text) ? { value: text } : { wrong: 'span' }
    case 'list':
      return { value: text.split(/[,，、\s]+/).filter(Boolean) }
    case 'lines':
      return { value: text.split('\n').map((line) => line.trim()).filter(Boolean) }
    case 'select':
      return { value: /^\d+$/.test(text) ? Number(text) : text }
    default:
      return { value: text }
  }
}

/** Only what was changed is sent; a new one sends all that was filled in. */
export function bodyOf(fields: readonly Field[], before: Row | null, typed: Record<string, string | boolean>, whole: boolean): { body: Row } | { wrong: Record<string, Wrong> } {
  const body: Row = {}
  const wrong: Record<string, Wrong> = {}
  for (const field of fields) {
    if (before && field.once) continue
    const now = typed[field.key] ?? (field.kind === 'tick' ? false : '')
    const sent = sentOf(field, now)
    if ('wrong' in sent) wrong[field.key] = sent.wrong
    else if (before ? whole || changed(field, before[field.key], now) : !(sent.value === null || sent.value === '' || (Array.isArray(sent.value) && sent.value.length === 0))) body[field.key] = sent.value
  }
  return Object.keys(wrong).length ? { wrong } : { body }
}

/** Whether what is typed means something else than what was there: `order，care` is `order, care`. */
export function changed(field: Field, before: unknown, typed: string | boolean): boolean {
  if (field.kind === 'tick') return (before === true) !== (typed === true)
  const was = typedOf(field, before)
  return was !== String(typed) && JSON.stringify(sentOf(field, was)) !== JSON.stringify(sentOf(field, typed))
}
