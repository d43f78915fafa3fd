{
    "name": "Mailchimp Connector: Benchmark Routes",
    "summary": "What bench_webhook compares with; not for production",
    "version": "19.0.1.0.0",
    "category": "Hidden/Tests",
    "author": "Mailchimp Connector contributors",
    "website": "https://github.com/mailchimp-connector/mailchimp_connector",
    "license": "LGPL-3",
    "depends": ["mailchimp_connector"],
    "data": ["security/ir.model.access.csv"],
    "installable": True,
}
