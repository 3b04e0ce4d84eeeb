package org.qsd4j.schema.model;

import java.util.List;

/** One value of an enumeration. */
public record EnumMember(String name, List<Feature> features, String doc) {}
