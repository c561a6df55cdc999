import { Body, Controller, Delete, Get, Param, Patch, Post, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { PLATFORM_PROBLEMS, type PlatformProblem } from '../platforms/errors.js';
import { Context, type RequestContext, Server, type ServerCaller } from '../tenancy/caller.js';
import { Operation } from '../tenancy/operation.js';
import { TemplateImport } from './import.service.js';
import { TemplateCounts } from './template-counts.js';
import {
  CreateMessageTemplate,
  ImportedMessageTemplates,
  ImportMessageTemplates,
  MessageCountQuery,
  MessageCounts,
  MessagePreview,
  MessageTemplatePage,
  MessageTemplateQuery,
  MessageTemplateView,
  PreviewMessage,
  UpdateMessageTemplate,
} from './templates.schemas.js';
import { Templates } from './templates.service.js';

/** What asking a platform for its templates can come to. */
const ANSWERS = ['platform_rate_limited', 'platform_busy', 'platform_unknown', 'platform_account_misconfigured', 'platform_refused', 'platform_answer_invalid'] satisfies PlatformProblem[]; // prettier-ignore
const PLATFORM_ANSWERS = ANSWERS.map((code) => ({ code, status: PLATFORM_PROBLEMS[code].status }));

const EXAMPLE = {
  key: 'order.shipped',
  name: 'Order shipped',
  variables: [
    { name: 'item', type: 'text', example: 'Coffee beans' },
    { name: 'total', type: 'amount', example: 1234 },
  ],
  platforms: {
    wechat: {
      templateId: 'qz8Jv5wW2nPpYt0kR4sLx7bCd1eFg3hIj6mNo9uVaXy',
      fields: { thing1: '{{item}}', amount2: '{{total}}' },
      page: 'pages/order?item={{item}}',
    },
  },
};

@ApiTags('Message templates')
@Controller('v1/message-templates')
export class MessageTemplatesController {
  constructor(
    private readonly templates: Templates,
    private readonly imports: TemplateImport,
    private readonly counted: TemplateCounts,
  ) {}

  @Post()
  @Operation({
    caller: 'server',
    id: 'createMessageTemplate',
    summary: 'Create a message template',
    description:
      'Checked with the examples by the rules of each platform it is mapped to; what is wrong names the field and the rule.',
    status: 201,
    returns: MessageTemplateView,
    write: true,
    problems: ['message_template_key_taken', 'platform_capability_missing'],
    example: EXAMPLE,
  })
  create(
    @Server() caller: ServerCaller,
    @Body({ schema: CreateMessageTemplate }) body: CreateMessageTemplate,
    @Context() context: RequestContext,
  ): Promise<MessageTemplateView> {
    return this.templates.create(caller, body, context);
  }

  @Get()
  @Operation({
    caller: 'server',
    id: 'listMessageTemplates',
    summary: 'List message templates',
    returns: MessageTemplatePage,
  })
  list(@Server() { app }: ServerCaller, @Query({ schema: MessageTemplateQuery }) query: MessageTemplateQuery) {
    return this.templates.list(app.id, query);
  }

  @Post('import')
  @Operation({
    caller: 'server',
    id: 'importMessageTemplates',
    summary: 'Make message templates of those that a mini-program has at its platform',
    description:
      'One for each that is not mapped yet, with a text variable per field; refine and rename them afterwards. Not on Alipay, which has no API for it.',
    status: 201,
    returns: ImportedMessageTemplates,
    write: true,
    problems: [
      'platform_account_missing',
      'platform_account_ambiguous',
      'platform_capability_missing',
      ...PLATFORM_ANSWERS,
    ],
    example: { platform: 'wechat' },
  })
  import(
    @Server() caller: ServerCaller,
    @Body({ schema: ImportMessageTemplates }) body: ImportMessageTemplates,
    @Context() context: RequestContext,
  ): Promise<ImportedMessageTemplates> {
    return this.imports.run(caller, body, context);
  }

  @Get(':id')
  @Operation({
    caller: 'server',
    id: 'getMessageTemplate',
    summary: 'Read a message template',
    description: 'By its id or its key, as all routes of message templates.',
    returns: MessageTemplateView,
    problems: ['message_template_not_found'],
  })
  get(@Server() { app }: ServerCaller, @Param('id') id: string): Promise<MessageTemplateView> {
    return this.templates.get(app.id, id);
  }

  @Patch(':id')
  @Operation({
    caller: 'server',
    id: 'updateMessageTemplate',
    summary: 'Change a message template',
    description:
      '`variables` and `platforms` replace what was there. Messages that wait are filled with what the template is when they are sent.',
    returns: MessageTemplateView,
    write: true,
    problems: ['message_template_not_found', 'message_template_key_taken', 'platform_capability_missing'],
    example: { name: 'On its way' },
  })
  update(
    @Server() caller: ServerCaller,
    @Param('id') id: string,
    @Body({ schema: UpdateMessageTemplate }) body: UpdateMessageTemplate,
    @Context() context: RequestContext,
  ): Promise<MessageTemplateView> {
    return this.templates.update(caller, id, body, context);
  }

  @Delete(':id')
  @Operation({
    caller: 'server',
    id: 'deleteMessageTemplate',
    summary: 'Delete a message template of which no message was made',
    write: true,
    problems: ['message_template_not_found', 'message_template_in_use'],
  })
  remove(@Server() caller: ServerCaller, @Param('id') id: string, @Context() context: RequestContext): Promise<void> {
    return this.templates.remove(caller, id, context);
  }

  @Post(':id/preview')
  @Operation({
    caller: 'server',
    id: 'previewMessage',
    summary: 'See what would be sent',
    description: 'Sends nothing: shows what each platform would get, what would be cut, and why it would not be sent.',
    returns: MessagePreview,
    write: true,
    problems: ['message_template_not_found', 'message_template_not_mapped', 'platform_account_missing'],
    example: { data: { item: 'Coffee beans', total: 1234 } },
  })
  preview(
    @Server() { app }: ServerCaller,
    @Param('id') id: string,
    @Body({ schema: PreviewMessage }) body: PreviewMessage,
  ): Promise<MessagePreview> {
    return this.templates.preview(app, id, body);
  }

  @Get(':id/counts')
  @Operation({
    caller: 'server',
    id: 'countMessages',
    summary: 'How many messages of a template ended how, per day and platform',
    returns: MessageCounts,
    problems: ['message_template_not_found'],
  })
  counts(
    @Server() { app }: ServerCaller,
    @Param('id') id: string,
    @Query({ schema: MessageCountQuery }) query: MessageCountQuery,
  ): Promise<MessageCounts> {
    return this.counted.of(app, id, query);
  }
}
