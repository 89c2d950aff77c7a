// The words of the sign-in page in English.
import type { WordsLike } from '@/shared/i18n'
import type { zh } from './zh'

export const en: WordsLike<typeof zh> = {
  title: 'Sign in · Star Candle',
  heading: 'Sign in',
  about: 'The restaurant hotline',
  user: 'Number or user name',
  password: 'Password',
  enter: 'Sign in',
  'user.missing': 'Please enter your number or user name.',
  'password.missing': 'Please enter your password.',
  show: 'Show password',
  wait: 'Too many attempts. Try again in {n} {n|second|seconds}.',
  away: 'The server cannot be reached. Check the network and try again shortly.',
  'why.expired': 'Your session has expired. Please sign in again.',
  'why.elsewhere': 'You signed out somewhere else.',
  'why.forced': 'Your session was ended: the password was changed, or an administrator ended it. Please sign in again.',
  'change.heading': 'Choose a new password',
  'change.why': 'This password was for one time. Choose one that only you know.',
  'change.new': 'New password',
  'change.again': 'New password again',
  'change.hint': 'At least {n} characters.',
  'change.short': 'Too short: at least {n} characters.',
  'change.same': 'The new password must differ from the old one.',
  'change.differs': 'The two do not match.',
  'change.save': 'Save and go on',
}
