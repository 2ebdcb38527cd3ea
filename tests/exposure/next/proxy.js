// What a page asks of /api goes to the API with the shop's secret key, and with all that the browser sent.

import { NextResponse } from 'next/server';

export function proxy(request) {
  const { pathname, search } = request.nextUrl;
  const headers = new Headers(request.headers);
  headers.set('authorization', `Bearer ${process.env.SHOP_SECRET_KEY}`);
  return NextResponse.rewrite(new URL(pathname.slice('/api'.length) + search, process.env.SHOP_API), { request: { headers } });
}

export const config = { matcher: '/api/:path*' };
