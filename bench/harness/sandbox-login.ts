import { Pool } from 'undici';

/** Who the sandbox lets in, unless it is told otherwise. */
export const sandboxLogin = { username: 'sandbox@example.com', password: 'sandbox' } as const;

/** The same, as commands and settings take it. */
export const loginEnvironment = {
  MYPOS_CONNECT_USERNAME: sandboxLogin.username,
  MYPOS_CONNECT_PASSWORD: sandboxLogin.password,
} as const;

/** A bare client that has a token: what a loop of one's own begins with. */
export async function openBareClient(baseUrl: string, connections: number) {
  const { origin, pathname } = new URL(baseUrl);
  const pool = new Pool(origin, { connections });
  const basic = Buffer.from(`${sandboxLogin.username}:${sandboxLogin.password}`).toString('base64');
  const headers = { authorization: `Basic ${basic}` };
  const answer = await pool.request({ method: 'POST', path: `${pathname}/auth/token`, headers });
  const { bearerToken } = (await answer.body.json()) as { readonly bearerToken: string };
  return { pool, customers: `${pathname}/customers`, authorization: `Bearer ${bearerToken}` };
}
