"""Kafka and Faust: the only folder that imports faust, aiokafka or confluent_kafka."""
