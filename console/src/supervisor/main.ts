// The entry of this page.
import '@/shared/tokens.css'
import './floor.css'
import { createApp } from 'vue'
import { watchLanguage } from '@/shared/i18n'
import Page from './Page.vue'

watchLanguage()
createApp(Page).mount('#app')
