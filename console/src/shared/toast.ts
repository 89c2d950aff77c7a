// Short notices in the corner. Errors stay longer and make one low note (the page's sounds listen to `onError`).
import { reactive } from 'vue'
import { sentence } from './api'

export interface Notice {
  id: number
  text: string
  kind: 'good' | 'info' | 'bad'
}
export const notices = reactive<Notice[]>([])
let next = 1
let onError: () => void = () => {}
export function whenToastFails(then: () => void) {
  onError = then
}

export function say(text: string, kind: Notice['kind'] = 'good') {
  const id = next++
  // At most five: the oldest makes room.
  if (notices.length >= 5) notices.shift()
  notices.push({ id, text, kind })
  if (kind === 'bad') onError()
  setTimeout(() => dismiss(id), kind === 'bad' ? 9000 : 4000)
}

export function dismiss(id: number) {
  const at = notices.findIndex((notice) => notice.id === id)
  if (at >= 0) notices.splice(at, 1)
}

/** Does it, and says so when it fails. True when it worked. */
export async function attempt(work: Promise<unknown>): Promise<boolean> {
  try {
    await work
    return true
  } catch (error) {
    say(sentence(error), 'bad')
    return false
  }
}
