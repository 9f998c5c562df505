import type { FastifyInstance } from 'fastify'

/** Who is signed in: any operator or service may ask what their token is good for. */
export function whoAmI(app: FastifyInstance): void {
  app.get('/admin/v1/me', async ({ operator: { name, role, scopes } }) => ({ name, role, scopes }))
}
