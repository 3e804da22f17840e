/** As much of nodemailer as the tests use: it comes without types. */
declare module 'nodemailer' {
  export function createTransport(options: object): Transport

  interface Transport {
    /** Connects and logs in. */
    verify(): Promise<true>
    sendMail(mail: object): Promise<{ readonly response: string }>
    close(): void
  }
}
