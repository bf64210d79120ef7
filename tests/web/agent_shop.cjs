// A program that leaks and has Pyroscope's own agent push its heap: node agent_shop.cjs <server> <folder with node_modules>.
'use strict'
const { join } = require('node:path')
const Pyroscope = require(join(process.argv[3], 'node_modules/@pyroscope/nodejs')).default

Pyroscope.init({
  serverAddress: process.argv[2],
  appName: 'node-shop',
  tags: { region: 'eu', instance: 'node-1' },
  flushIntervalMs: 1000,
  heap: { samplingIntervalBytes: 64 * 1024 },
})
Pyroscope.startHeapProfiling()

const sessions = []
function remember() {
  sessions.push(new Array(2000).fill(Math.random()))
}
setInterval(() => {
  for (let i = 0; i < 10; i++) remember()
}, 100)
