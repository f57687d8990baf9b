export { createProgram, everyCommand } from './program.ts'
