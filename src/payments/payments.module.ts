import { Global, Module } from '@nestjs/common';
import { Attempts } from './attempts.js';
import { CallbackContents } from './callback-contents.js';
import { Closing } from './closing.js';
import { Fulfilment } from './fulfilment.js';
import { Inquiry } from './inquiry.js';
import { InvoicePayments } from './invoice-payments.js';
import { Janitor } from './janitor.js';
import { LedgerController } from './ledger.controller.js';
import { Ledger } from './ledger.service.js';
import { Mismatches } from './mismatches.js';
import { MyPaymentsController } from './my-payments.controller.js';
import { NewPayments } from './new-payments.js';
import { PayAccountsBook } from './pay-accounts.js';
import { PayingAgain } from './paying-again.js';
import { PaymentDueTimes } from './payment-due-times.js';
import { PaymentList } from './payment-list.js';
import { PaymentListeners } from './payment-listener.js';
import { PaymentNews } from './payment-news.js';
import { PaymentUserListener } from './payment-user-listener.js';
import { PaymentsController } from './payments.controller.js';
import { Payments } from './payments.service.js';
import { RefundLane } from './refund-lane.js';
import { RefundTurns } from './refund-turns.js';
import { Refunding } from './refunding.js';
import { RefundsController } from './refunds.controller.js';
import { Refunds } from './refunds.service.js';
import { Settlement } from './settlement.js';

@Global()
@Module({
  controllers: [PaymentsController, MyPaymentsController, RefundsController, LedgerController],
  providers: [
    Attempts,
    CallbackContents,
    Closing,
    Fulfilment,
    Inquiry,
    InvoicePayments,
    Janitor,
    Ledger,
    Mismatches,
    NewPayments,
    PayAccountsBook,
    PayingAgain,
    PaymentList,
    PaymentDueTimes,
    PaymentListeners,
    PaymentNews,
    PaymentUserListener,
    Payments,
    RefundLane,
    RefundTurns,
    Refunding,
    Refunds,
    Settlement,
  ],
  exports: [InvoicePayments, PayAccountsBook, PaymentListeners],
})
export class PaymentsModule {}
