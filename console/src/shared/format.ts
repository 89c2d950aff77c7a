// How money, telephone numbers, times and durations are written.
import { language } from './i18n'

/** `¥205.50` from 20550 fen. */
export function money(fen: number | null | undefined): string {
  if (fen === null || fen === undefined || !Number.isFinite(fen)) return ''
  const sign = fen < 0 ? '−' : ''
  const whole = Math.abs(Math.round(fen))
  const yuan = Math.floor(whole / 100).toLocaleString('en-US')
  return `${sign}¥${yuan}.${String(whole % 100).padStart(2, '0')}`
}

/** `138 0013 8000`, `021 6468 8890`; others and masked ones stay as they are. */
export function phone(number: string | null | undefined): string {
  if (!number) return ''
  const bare = number.replace(/^\+86/, '').replace(/[\s-]/g, '')
  if (/^1\d{10}$/.test(bare)) return `${bare.slice(0, 3)} ${bare.slice(3, 7)} ${bare.slice(7)}`
  const area = /^(010|02\d|0[3-9]\d\d)(\d{3,4})(\d{4})$/.exec(bare)
  if (area) return `${area[1]} ${area[2]} ${area[3]}`
  return number
}

/** `…8000`: what a notification may show. */
export function lastFour(number: string | null | undefined): string {
  const digits = (number ?? '').replace(/\D/g, '')
  return digits.length > 4 ? `…${digits.slice(-4)}` : digits
}

/** `01:24`, `1:02:03`. Never negative. */
export function clock(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000))
  const two = (n: number) => String(n).padStart(2, '0')
  const hours = Math.floor(seconds / 3600)
  const rest = `${two(Math.floor((seconds % 3600) / 60))}:${two(seconds % 60)}`
  return hours > 0 ? `${hours}:${rest}` : rest
}

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']
const two = (n: number) => String(n).padStart(2, '0')

/** `18:30` */
export function timeOfDay(at: string | Date | null | undefined): string {
  if (!at) return ''
  const date = typeof at === 'string' ? new Date(at) : at
  return Number.isNaN(date.getTime()) ? '' : `${two(date.getHours())}:${two(date.getMinutes())}`
}

/** `2026-11-21 18:30`, in English `21 Nov 2026 18:30`. */
export function dateTime(at: string | Date | null | undefined): string {
  if (!at) return ''
  const date = typeof at === 'string' ? new Date(at) : at
  return Number.isNaN(date.getTime()) ? '' : `${day(date)} ${timeOfDay(date)}`
}

/** `18:30` for the next and the last hours; with the day for what is further off, so that "until 07:02" never means next year. */
export function soon(at: Date, now = Date.now()): string {
  return Math.abs(at.getTime() - now) < 18 * 3_600_000 ? timeOfDay(at) : dateTime(at)
}

/** `2026-11-21`, in English `21 Nov 2026`. */
export function day(at: string | Date | null | undefined): string {
  if (!at) return ''
  const date = typeof at === 'string' ? new Date(at) : at
  if (Number.isNaN(date.getTime())) return ''
  return language.value === 'zh'
    ? `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`
    : `${date.getDate()} ${MONTHS[date.getMonth()]} ${date.getFullYear()}`
}

/** `11-18`, in English `18 Nov`: for lists of the recent past. */
export function shortDay(at: string | null | undefined): string {
  if (!at) return ''
  const date = new Date(at)
  if (Number.isNaN(date.getTime())) return ''
  return language.value === 'zh'
    ? `${two(date.getMonth() + 1)}-${two(date.getDate())}`
    : `${date.getDate()} ${MONTHS[date.getMonth()]}`
}

/** `2,450` */
export function count(n: number | null | undefined): string {
  return n === null || n === undefined ? '' : n.toLocaleString('en-US')
}
