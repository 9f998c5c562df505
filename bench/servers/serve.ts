import type { FastifyInstance } from 'fastify'

/** Listens on a free loopback port, tells it to the parent process, and ends when the parent goes. */
export async function serve(app: FastifyInstance): Promise<void> {
  process.on('disconnect', () => process.exit(0))
  const url = await app.listen({ host: '127.0.0.1', port: 0 })
  process.send?.({ url })
}
