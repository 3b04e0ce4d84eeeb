package org.qsd4j.schema.model;

/** A feature flag of a definition or a member, with its documentation. */
public record Feature(String name, String doc) {}
