// The entry of this page.
import '@/shared/tokens.css'
import './floor.css'
import { createApp } from 'vue'
import { watchLanguage } from '@/shared/i18n'
import Wall from './Wall.vue'

watchLanguage()
createApp(Wall).mount('#app')
