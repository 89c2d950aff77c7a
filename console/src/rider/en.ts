// The words of the rider's page in English.
import type { WordsLike } from '@/shared/i18n'
import type { zh } from './zh'

export const en: WordsLike<typeof zh> = {
  title: '#{tail} delivery',
  'title.none': 'Delivery',
  gone: 'This link is no longer valid, or the order is closed. Please ask the branch.',
  by: 'by {time}',
  call: 'Call the guest',
  branch: 'Call {name}',
  collect: 'Collect',
  spoken: 'The guest spoke the address: please ask the branch.',
  remark: 'Remark',
  waiting: 'The branch has not handed this order over yet; report once it has.',
  delivered: 'Delivered',
  other: 'Could not deliver? Say why',
  note: 'A word more (if you like)',
  send: 'Send: {what}',
  back: 'Back',
  tried: 'Noted: not reached, attempt {n}. Headquarters rings as well; try once more, and tap it again if nobody answers.',
  'held.back': 'Not reached twice: the food is kept until {time}. Please bring it back.',
  done: 'Noted: {what}',
  late: '{n} min late',
  'done.until': 'Can be corrected until {time}.',
  correct: 'Correct',
  away: 'No network: it was not sent. Please try again.',
  'away.sent': 'Sending…',
}
